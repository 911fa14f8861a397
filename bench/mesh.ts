/** Regions as they run in production, one process each, on real servers of this machine that the benchmark can cut: started for one run, gone after it. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { mintToken } from "../regions/cli/mint.ts";
import { localTopology } from "../regions/mesh/local-topology.ts";
import { serverForTests, startTiers, type TestTiers } from "../test/servers/nats-tiers.ts";

const ROOT = resolve(import.meta.dirname, "..");
const SECRET = "only for benchmarks, never for people";
/** It may have to be built first. */
const READY_MS = 180_000;

export interface BenchMesh {
  readonly tiers: TestTiers;
  readonly serverVersion: string;
  url(region: string): string;
  tokenOf(user: string): Promise<string>;
  pid(region: string): number;
  startRegion(region: string): Promise<void>;
  /** Drains the process and waits for its end. */
  stopRegion(region: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startMesh(regions: readonly string[]): Promise<BenchMesh> {
  const server = await serverForTests();
  if (server === undefined) throw new Error("a benchmark without a nats-server says nothing");
  const folder = await mkdtemp(join(tmpdir(), "atoll-bench-"));
  const tiers = await startTiers(regions, server);
  const running = new Map<string, ChildProcess>();
  const topology = localTopology(
    regions.map((name) => ({ name })),
    10_000 + randomInt(20_000),
  );
  const url = (region: string): string => topology.regions.find(({ name }) => name === region)?.url ?? "";
  const startRegion = async (region: string): Promise<void> => {
    const { url: nats, user, password } = tiers.access(region);
    const child = spawn(join(ROOT, "atoll"), ["serve", "--data-dir", join(folder, region)], {
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        ATOLL_MODE: "local",
        ATOLL_REGION: region,
        ATOLL_TOPOLOGY: JSON.stringify(topology),
        ATOLL_HOST: "127.0.0.1",
        ATOLL_PORT: new URL(url(region)).port,
        ATOLL_NATS_URL: nats.replace("nats://", `nats://${user}:${password}@`),
        ATOLL_NATS_MONITOR_URL: `http://127.0.0.1:${tiers.servers(region).jetStream.monitorPort}`,
        ATOLL_AUTH_SECRET: SECRET,
        ATOLL_MESH_SECRET: SECRET,
        ATOLL_LOG_LEVEL: "error",
      },
    });
    running.set(region, child);
    const began = performance.now();
    for (;;) {
      const reply = await fetch(`${url(region)}/readyz`).catch(() => undefined);
      if (reply?.ok) return;
      if (child.exitCode !== null || performance.now() - began > READY_MS) throw new Error(`region ${region} does not come up`);
      await pause(50);
    }
  };
  const stopRegion = async (region: string): Promise<void> => {
    const child = running.get(region);
    running.delete(region);
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await gone;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(regions.map(stopRegion));
    await tiers.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(regions.map(startRegion));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    tiers,
    serverVersion: server.version.text,
    url,
    tokenOf: async (user) => (await mintToken(SECRET, { user, roles: ["user", "operator"], ttlMs: 24 * 3_600_000 })).token,
    pid: (region) => running.get(region)?.pid ?? 0,
    startRegion,
    stopRegion,
    stop,
  };
}
