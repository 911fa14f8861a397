/** All processes of one region: two servers and its programs. They die together (`kill`), and stop in an order (hard parts H10). */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { RESTART_JETSTREAM } from "../stuck-log.ts";
import { type Child, type ChildHooks, openChild } from "./child.ts";
import { foreignEnvironment } from "./own-program.ts";
import type { MeshPlan, RegionPlan } from "./plan.ts";
import { Refused } from "./refused.ts";
import { openRegionPrograms } from "./region-programs.ts";

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

const SERVER_GRACE_MS = 8_000;

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
  const programs = openRegionPrograms({
    ...{ mesh, region, clockOffsetMs, hooks, logs },
    onMessage: (message) => {
      if (message === RESTART_JETSTREAM) void restartJetStream();
    },
  });
  let alive = false;
  const restartJetStream = async (): Promise<void> => {
    hooks.tell(`${region.name}'s jetstream server refuses to store; restarting it`);
    await jetStream.stop(SERVER_GRACE_MS);
    if (alive) jetStream.start();
  };
  const kill = async (): Promise<void> => {
    alive = false;
    await Promise.all([programs.kill(), jetStream.kill(), gateway.kill()]);
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
      programs.start();
    },
    ready: async (withinMs) => {
      const deadline = performance.now() + withinMs;
      let last = "it does not answer";
      while (performance.now() < deadline) {
        if (programs.hopeless !== undefined) throw new Refused(1, `region ${region.name} cannot run: ${programs.hopeless}`);
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
      await programs.stop();
    },
    stopJetStream: () => jetStream.stop(SERVER_GRACE_MS),
    stopGateway: () => gateway.stop(SERVER_GRACE_MS),
  };
}
