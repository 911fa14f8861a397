/**
 * Real servers for tests: two tiers a region on free ports of this machine, each gateway listener behind a proxy that can cut and delay its links.
 * Without a nats-server tests are skipped loudly; where CI is set they fail, so that nobody takes silence for proof.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Delay, LinkProxy } from "../../regions/mesh/link-proxy.ts";
import { connectRegion, type RegionConnection } from "../../regions/nats/connection.ts";
import { type FoundServer, findServer } from "../../regions/nats/server-binary.ts";
import { APP_USER, gatewayTier, jetStreamTier, type RegionServers } from "../../regions/nats/server-config.ts";
import { freePort } from "./server.ts";

export async function serverForTests(): Promise<FoundServer | undefined> {
  const found = await findServer({ env: process.env });
  if (found) return found;
  const say = "no nats-server found: set ATOLL_NATS_SERVER, or run `./atoll test`, which installs one";
  if (process.env["CI"]) throw new Error(say);
  console.warn(`SKIPPED: ${say}`);
  return undefined;
}

export type Tier = "js" | "gw";
export interface TestTiers {
  readonly regions: readonly string[];
  /** For a region's own programs. */
  access(region: string): { readonly region: string; readonly url: string; readonly user: string; readonly password: string };
  connect(region: string): Promise<RegionConnection>;
  servers(region: string): RegionServers;
  /** `kill` returns when the process is gone. */
  kill(region: string, tier: Tier, signal?: NodeJS.Signals): Promise<void>;
  /** Returns when the server says it is healthy. */
  start(region: string, tier: Tier): Promise<void>;
  /** Without `b`: from all. */
  cut(a: string, b?: string): void;
  heal(a: string, b?: string): void;
  delay(a: string, b: string, oneWayMs: number): void;
  /** Bytes that crossed between two regions so far. */
  crossed(a: string, b: string): number;
  stop(): Promise<void>;
}

export async function startTiers(regions: readonly string[], found: FoundServer): Promise<TestTiers> {
  const folder = await mkdtemp(join(tmpdir(), "atoll-tiers-"));
  const proxies = new Map<string, LinkProxy>();
  const plans = new Map<string, RegionServers>();
  const running = new Map<string, ChildProcess>();
  const connections: RegionConnection[] = [];
  const of = <T>(from: ReadonlyMap<string, T>, region: string): T => {
    const it = from.get(region);
    if (it === undefined) throw new Error(`no region ${region}`);
    return it;
  };
  const gatewayPorts = new Map<string, number>();
  for (const region of regions) {
    const port = await freePort();
    gatewayPorts.set(region, port);
    proxies.set(region, await LinkProxy.listen(0, { host: "127.0.0.1", port }));
  }
  for (const region of regions) {
    const peers = regions
      .filter((peer) => peer !== region)
      .map((peer) => ({ region: peer, url: `nats://127.0.0.1:${of(proxies, peer).port}` }));
    const advertise = `127.0.0.1:${of(proxies, region).port}`;
    plans.set(region, {
      region,
      version: found.version,
      secrets: { app: "testsecretapp", mesh: "testsecretmesh", link: "testsecretlink" },
      jetStream: { port: await freePort(), monitorPort: await freePort(), storeDir: join(folder, region, "jetstream") },
      gateway: {
        port: await freePort(),
        monitorPort: await freePort(),
        leafPort: await freePort(),
        gatewayPort: of(gatewayPorts, region),
        advertise,
      },
      peers,
    });
  }

  const start = async (region: string, tier: Tier): Promise<void> => {
    const plan = of(plans, region);
    const file = join(folder, region, tier);
    await mkdir(join(folder, region), { recursive: true });
    await writeFile(`${file}.conf`, tier === "js" ? jetStreamTier(plan) : gatewayTier(plan));
    const log = await open(`${file}.log`, "a");
    const child = spawn(found.path, ["-c", `${file}.conf`], { stdio: ["ignore", log.fd, log.fd] });
    await log.close();
    running.set(`${region}-${tier}`, child);
    const monitorPort = tier === "js" ? plan.jetStream.monitorPort : plan.gateway.monitorPort;
    await healthy(monitorPort, child, `${file}.log`);
  };
  const kill = async (region: string, tier: Tier, signal: NodeJS.Signals = "SIGKILL"): Promise<void> => {
    const child = running.get(`${region}-${tier}`);
    running.delete(`${region}-${tier}`);
    if (child) await ended(child, signal);
  };
  const pairs = (a: string, b?: string): readonly (readonly [string, string])[] =>
    (b ? [b] : regions.filter((region) => region !== a)).map((other) => [a, other] as const);
  /** Both proxies of every pair. */
  const each = (a: string, b: string | undefined, act: (proxy: LinkProxy, peer: string) => void): void => {
    for (const [here, there] of pairs(a, b)) {
      act(of(proxies, here), there);
      act(of(proxies, there), here);
    }
  };
  const access: TestTiers["access"] = (region) => {
    const { jetStream, secrets } = of(plans, region);
    return { region, url: `nats://127.0.0.1:${jetStream.port}`, user: APP_USER, password: secrets.app };
  };

  const tiers: TestTiers = {
    regions,
    access,
    connect: async (region) => {
      const connection = await connectRegion(access(region));
      connections.push(connection);
      return connection;
    },
    servers: (region) => of(plans, region),
    kill,
    start,
    cut: (a, b) => each(a, b, (proxy, peer) => proxy.cut(peer)),
    heal: (a, b) => each(a, b, (proxy, peer) => proxy.heal(peer)),
    delay: (a, b, oneWayMs) => {
      const delay: Delay = { inMs: oneWayMs, outMs: oneWayMs };
      each(a, b, (proxy, peer) => proxy.setDelay(peer, delay));
    },
    crossed: (a, b) => of(proxies, a).forwardedBytes(b) + of(proxies, b).forwardedBytes(a),
    stop: async () => {
      await Promise.all(connections.map((connection) => connection.close()));
      await Promise.all([...running.values()].map((child) => ended(child, "SIGKILL")));
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    for (const tier of ["gw", "js"] as const) await Promise.all(regions.map((region) => start(region, tier)));
  } catch (error) {
    await tiers.stop();
    throw error;
  }
  return tiers;
}

async function healthy(monitorPort: number, child: ChildProcess, log: string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}; see ${log}`);
    const reply = await fetch(`http://127.0.0.1:${monitorPort}/healthz`).catch(() => undefined);
    if (reply?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const ended = (child: ChildProcess, signal: NodeJS.Signals): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill(signal);
  });
