/** All processes of one region: two servers and one program. They die together (`kill`), and stop in an order (hard parts H10). */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { RESTART_JETSTREAM } from "../stuck-log.ts";
import { type Child, type ChildHooks, openChild } from "./child.ts";
import { foreignEnvironment, ownProgram } from "./own-program.ts";
import { contentSecret, type MeshPlan, type RegionPlan } from "./plan.ts";
import { Refused } from "./refused.ts";
import { settingsOf } from "./store-switches.ts";

export interface RegionProcesses {
  readonly name: string;
  /** Started and not killed. */
  readonly alive: boolean;
  start(): void;
  /** Resolves when the region serves users. */
  ready(withinMs: number): Promise<void>;
  /** kill -9 of everything; stays dead until `start`. */
  kill(): Promise<void>;
  stopProgram(): Promise<void>;
  stopJetStream(): Promise<void>;
  stopGateway(): Promise<void>;
}

/** In flight <= 5 s, then the commit and the stores. */
const PROGRAM_GRACE_MS = 12_000;
const SERVER_GRACE_MS = 8_000;

function programEnvironment(mesh: MeshPlan, region: RegionPlan, clockOffsetMs: number): Readonly<Record<string, string | undefined>> {
  const { url, user, password } = region.nats;
  return {
    ...foreignEnvironment(process.env),
    ATOLL_MODE: "local",
    ATOLL_REGION: region.name,
    ATOLL_TOPOLOGY: mesh.folder.topologyFile,
    ATOLL_HOST: "127.0.0.1",
    ATOLL_PORT: String(region.port),
    ATOLL_NATS_URL: url.replace("nats://", `nats://${user}:${password}@`),
    ATOLL_NATS_MONITOR_URL: `http://127.0.0.1:${region.ports.jetStreamMonitor}`,
    ATOLL_NATS_ACKS: mesh.server.durableAcks ? "durable" : "fast",
    ATOLL_AUTH_SECRET: mesh.secret,
    ATOLL_MESH_SECRET: contentSecret(mesh),
    ATOLL_LOG_LEVEL: process.env["ATOLL_LOG_LEVEL"],
    ATOLL_GEO_DB: process.env["ATOLL_GEO_DB"],
    ...settingsOf(mesh.stores, region.name, mesh.secret),
    ...(clockOffsetMs === 0 ? {} : { ATOLL_CLOCK_OFFSET_MS: String(clockOffsetMs) }),
  };
}

export function openRegionProcesses(mesh: MeshPlan, region: RegionPlan, clockOffsetMs: number, hooks: ChildHooks): RegionProcesses {
  const logs = join(region.folder, "logs");
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const server = (what: string, config: string): Child =>
    openChild(
      {
        name: `${region.name}'s ${what} server`,
        command: mesh.server.path,
        args: ["-c", config],
        environment: foreignEnvironment(process.env),
        logFile: join(logs, `${what}.log`),
        channel: false,
      },
      hooks,
    );
  const gateway = server("gateway", region.gatewayConfig);
  const jetStream = server("jetstream", region.jetStreamConfig);
  const dataDir = join(region.folder, "state");
  const program = openChild(
    {
      name: `region ${region.name}`,
      ...ownProgram("cli/main", ["serve", "--data-dir", dataDir]),
      environment: programEnvironment(mesh, region, clockOffsetMs),
      logFile: join(logs, "region.log"),
      channel: true,
      onMessage: (message) => {
        if (message === RESTART_JETSTREAM) void restartJetStream();
      },
    },
    hooks,
  );
  let alive = false;
  const restartJetStream = async (): Promise<void> => {
    hooks.tell(`${region.name}'s jetstream server refuses to store; restarting it`);
    await jetStream.stop(SERVER_GRACE_MS);
    if (alive) jetStream.start();
  };
  const kill = async (): Promise<void> => {
    alive = false;
    await Promise.all([program.kill(), jetStream.kill(), gateway.kill()]);
  };

  return {
    name: region.name,
    get alive() {
      return alive;
    },
    start: () => {
      alive = true;
      gateway.start();
      jetStream.start();
      program.start();
    },
    ready: async (withinMs) => {
      const deadline = performance.now() + withinMs;
      let last = "it does not answer";
      while (performance.now() < deadline) {
        if (program.hopeless !== undefined) throw new Refused(1, `region ${region.name} cannot run: ${program.hopeless}`);
        if (!alive) throw new Refused(1, `region ${region.name} was killed meanwhile`);
        try {
          const answer = await fetch(`http://127.0.0.1:${region.port}/readyz?verbose`, { signal: AbortSignal.timeout(2_000) });
          last = (await answer.text()).trim().replaceAll("\n", "; ");
          if (answer.ok) return;
        } catch {}
        await pause(50);
      }
      throw new Refused(
        1,
        `region ${region.name} is not ready after ${Math.round(withinMs / 1000)} s: ${last}`,
        `its log: ${join(logs, "region.log")}`,
      );
    },
    kill,
    stopProgram: async () => {
      alive = false;
      await program.stop(PROGRAM_GRACE_MS);
    },
    stopJetStream: () => jetStream.stop(SERVER_GRACE_MS),
    stopGateway: () => gateway.stop(SERVER_GRACE_MS),
  };
}
