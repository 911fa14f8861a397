/**
 * A region's own programs. By default one process does all; with gateways apart, they hold the region's port and its sockets, and the reconciler
 * listens where only they come. Reconcilers beside the first bring their share of the channels into the stores that follow.
 */
import { join } from "node:path";
import { TAKES } from "../serve-gateway.ts";
import { type Child, type ChildHooks, openChild } from "./child.ts";
import { type FrontDoor, openFrontDoor } from "./front-door.ts";
import { foreignEnvironment, ownProgram } from "./own-program.ts";
import { contentSecret, type MeshPlan, type RegionPlan } from "./plan.ts";
import { settingsOf } from "./store-switches.ts";

export interface RegionPrograms {
  start(): void;
  /** kill -9 of all. */
  kill(): Promise<void>;
  /** Gateways first: what they carry still finds its reconciler. */
  stop(): Promise<void>;
  /** Why one of them cannot run at all. */
  readonly hopeless: string | undefined;
}
export interface RegionProgramsOptions {
  readonly mesh: MeshPlan;
  readonly region: RegionPlan;
  readonly clockOffsetMs: number;
  readonly hooks: ChildHooks;
  readonly logs: string;
  /** What the reconciler says over its channel. */
  readonly onMessage: (message: unknown) => void;
}

const HOST = "127.0.0.1";
/** In flight <= 5 s, then the commit and the stores. */
const RECONCILER_GRACE_MS = 12_000;
const GATEWAY_GRACE_MS = 9_000;

type Environment = Readonly<Record<string, string | undefined>>;

const sharedEnvironment = (mesh: MeshPlan, region: RegionPlan): Environment => ({
  ...foreignEnvironment(process.env),
  ATOLL_MODE: "local",
  ATOLL_REGION: region.name,
  ATOLL_TOPOLOGY: mesh.folder.topologyFile,
  ATOLL_HOST: HOST,
  ATOLL_AUTH_SECRET: mesh.secret,
  ATOLL_MESH_SECRET: contentSecret(mesh),
  ATOLL_LOG_LEVEL: process.env["ATOLL_LOG_LEVEL"],
});

function reconcilerEnvironment({ mesh, region, clockOffsetMs }: RegionProgramsOptions): Environment {
  const { url, user, password } = region.nats;
  const apart = mesh.processes.gateways > 0;
  return {
    ...sharedEnvironment(mesh, region),
    ...(apart ? { ATOLL_ROLES: "reconciler,webhooks" } : {}),
    ATOLL_RECONCILER_SHARE: `1/${mesh.processes.reconcilers}`,
    ATOLL_PORT: String(apart ? region.ports.reconciler : region.port),
    ATOLL_NATS_URL: url.replace("nats://", `nats://${user}:${password}@`),
    ATOLL_NATS_MONITOR_URL: `http://${HOST}:${region.ports.jetStreamMonitor}`,
    ATOLL_NATS_ACKS: mesh.server.durableAcks ? "durable" : "fast",
    ATOLL_GEO_DB: process.env["ATOLL_GEO_DB"],
    ATOLL_WEBHOOK_ALLOW: process.env["ATOLL_WEBHOOK_ALLOW"],
    ...settingsOf(mesh.stores, region.name, mesh.secret),
    ...(clockOffsetMs === 0 ? {} : { ATOLL_CLOCK_OFFSET_MS: String(clockOffsetMs) }),
  };
}

/** Of a reconciler beside the first one. */
const shareEnvironment = ({ mesh, region }: RegionProgramsOptions): Environment => ({
  ...sharedEnvironment(mesh, region),
  ATOLL_ROLES: "reconciler",
  ATOLL_PORT: "0",
  ...settingsOf(mesh.stores, region.name, mesh.secret),
});

const gatewayEnvironment = ({ mesh, region }: RegionProgramsOptions, name: string): Environment => ({
  ...sharedEnvironment(mesh, region),
  ATOLL_ROLES: "gateway",
  ATOLL_GATEWAY_NAME: name,
  ATOLL_RECONCILER_URL: `http://${HOST}:${region.ports.reconciler}`,
  ATOLL_PORT: "0",
});

export function openRegionPrograms(options: RegionProgramsOptions): RegionPrograms {
  const { mesh, region, hooks, logs, onMessage } = options;
  const program = (name: string, log: string, environment: Environment, args: readonly string[], ifDamaged?: string): Child =>
    openChild(
      {
        ...{ name, environment, channel: true, onMessage, logFile: join(logs, log) },
        ...(ifDamaged === undefined ? {} : { ifDamaged }),
        ...ownProgram("cli/main", ["serve", ...args]),
      },
      hooks,
    );
  const state = join(region.folder, "state");
  const reconciler = program(
    `region ${region.name}`,
    "region.log",
    reconcilerEnvironment(options),
    ["--data-dir", state],
    `move ${state} away and start it again; it is built anew from the regions' logs`,
  );
  const gateways = Array.from({ length: mesh.processes.gateways }, (_, i) => {
    const name = `gateway-${i + 1}`;
    return program(`${region.name}'s ${name}`, `${name}.log`, gatewayEnvironment(options, name), ["--data-dir", join(region.folder, name)]);
  });
  const door: FrontDoor | undefined =
    gateways.length === 0
      ? undefined
      : openFrontDoor(
          HOST,
          region.port,
          gateways.map((gateway) => (connection) => gateway.said(TAKES) && gateway.hand(connection)),
          hooks.tell,
        );
  const shares = Array.from({ length: mesh.processes.reconcilers - 1 }, (_, i) =>
    program(`${region.name}'s reconciler ${i + 2}`, `reconciler-${i + 2}.log`, shareEnvironment(options), [
      "--reconciler-share",
      `${i + 2}/${mesh.processes.reconcilers}`,
      "--data-dir",
      state,
    ]),
  );
  const all = [reconciler, ...gateways, ...shares];
  return {
    start: () => {
      for (const one of all) one.start();
      door?.open();
    },
    kill: async () => {
      door?.close();
      await Promise.all(all.map((one) => one.kill()));
    },
    stop: async () => {
      door?.close();
      await Promise.all(gateways.map((gateway) => gateway.stop(GATEWAY_GRACE_MS)));
      await Promise.all([reconciler, ...shares].map((one) => one.stop(RECONCILER_GRACE_MS)));
    },
    get hopeless() {
      return all.find((one) => one.hopeless !== undefined)?.hopeless;
    },
  };
}
