/**
 * `npm run bench:geodns`: decisions of the policy on one core, by processor time; and answers of the name server as built, beside gdnsd's with
 * the same networks and the same load generator, in turns. Needs dnsperf and gdnsd (Debian).
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { type Client, clientAt, type Place } from "../geodns/client.ts";
import { measuredFrom } from "../geodns/measured.ts";
import { openOverrides, readMatch } from "../geodns/overrides.ts";
import { decide } from "../geodns/policy.ts";
import { PrefixTree } from "../geodns/prefix-tree.ts";
import type { World } from "../geodns/steering.ts";
import { freePort } from "../regions/answering/free-port.ts";
import { lacking, Mesh, openServer, REGIONS, ZONE } from "../regions/dns-interop.test-model.ts";
import { head, inTurns, ROUNDS, shown, sizeOf, tell } from "./measure.ts";

const PLACES = ["198.51.100.0/24,US,40,-75", "203.0.113.0/24,DE,50,8", "198.18.0.0/24,SG,1,104"];
const SECONDS = 5;
/** 198.51.100.0/24 as an option of EDNS. */
const SUBNET = "8:00011800C63364";

/** Two hundred thousand clients, a thousand overrides, ten thousand measured blocks, a region that is coming back. */
function decisionsPerSecond(decisions: number): number {
  let state = 1;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state % below;
  };
  const places = new PrefixTree<Omit<Place, "bits">>();
  for (let a = 0; a < 256; a += 1)
    for (let b = 0; b < 256; b += 4)
      places.put(
        { address: Uint8Array.from([a, b, 0, 0]), bits: 14 },
        { country: ["US", "DE", "SG"][random(3)]!, latitude: random(120) - 60, longitude: random(360) - 180 },
      );
  const locate = (address: Uint8Array): Place => {
    const { value, bits } = places.find(address);
    return { bits, ...value };
  };
  const world: World = {
    regions: REGIONS,
    health: new Map(
      REGIONS.map(({ name }) => [name, { state: "up", why: "ready", settled: true, share: name === "eu" ? 0.5 : 1, shed: 0 }]),
    ),
    overrides: openOverrides(
      Array.from({ length: 1_000 }, () => ({ match: readMatch(`${random(256)}.${random(256)}.0.0/16`)!, regions: ["ap"] })),
    ),
    measured: measuredFrom(
      Array.from({ length: 10_000 }, () => `${random(256)}.${random(256)}.${random(256)}.0/24`).flatMap((key) => [
        { key, region: "us", ms: 20 + random(200), samples: 30, people: 5 },
        { key, region: "eu", ms: 20 + random(200), samples: 30, people: 5 },
      ]),
    ),
  };
  const clients: readonly Client[] = Array.from({ length: 200_000 }, () =>
    clientAt(Uint8Array.from([random(256), random(256), random(256), random(256)]), locate),
  );
  let items = 0;
  for (let i = 0; i < 50_000; i += 1) items += decide(world, clients[i]!).scope;
  const before = process.cpuUsage();
  for (let i = 0; i < decisions; i += 1) items += decide(world, clients[i % clients.length]!).scope;
  const { user, system } = process.cpuUsage(before);
  if (items === 0) throw new Error("nothing was decided");
  return decisions / ((user + system) / 1e6);
}

/** Processes that this one has started. */
const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);

/** The real process as built and as it is by default; its regions do not answer, so all are offered. `pids`: the first, then those that answer. */
async function openOwn(directory: string): Promise<{ readonly port: number; readonly pids: readonly number[]; close(): Promise<void> }> {
  const regions = REGIONS.map((region) => ({ ...region, ws: region.url.replace("https", "wss") }));
  writeFileSync(join(directory, "topology.json"), JSON.stringify({ zone: ZONE, regions, steering: { everyMs: 60_000 } }));
  writeFileSync(join(directory, "places"), `${PLACES.join("\n")}\n`);
  const port = await freePort("127.0.0.1");
  const program = join(import.meta.dirname, "../dist/regions/cli/main.js");
  const told = ["--topology", join(directory, "topology.json"), "--host", "127.0.0.1", "--port", "0", "--dns-port", String(port)];
  const child = spawn(process.execPath, [program, "serve", "--role", "geodns", ...told], {
    env: { ...process.env, ATOLL_GEO_DB: join(directory, "places") },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  for await (const line of createInterface(child.stdout!)) if (line.includes("geodns.ready")) break;
  child.stdout!.resume();
  return {
    port,
    pids: [child.pid!, ...childrenOf(child.pid!)],
    close: async () => {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    },
  };
}

interface Answered {
  readonly perSecond: number;
  /** Processor time of the server, µs an answer. */
  readonly cpuUs: number;
}
const TICKS_PER_SECOND = 100;
function cpuSeconds(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one) / TICKS_PER_SECOND;
}
async function asked({ port, pids }: { readonly port: number; readonly pids: readonly number[] }, queries: string): Promise<Answered> {
  const seconds = String(sizeOf(SECONDS, 3));
  const args = ["-s", "127.0.0.1", "-p", String(port), "-d", queries, "-l", seconds, "-c", "10", "-q", "100", "-e", "-E", SUBNET];
  const before = cpuSeconds(pids);
  const { stdout } = await promisify(execFile)("dnsperf", args);
  const cpu = cpuSeconds(pids) - before;
  const lost = Number(/Queries lost:\s+(\d+)/.exec(stdout)?.[1]);
  if (lost > 0 || !stdout.includes("NOERROR")) console.log(`  of port ${port}: ${lost} lost; ${/Response codes:.*/.exec(stdout)?.[0]}`);
  const completed = Number(/Queries completed:\s+(\d+)/.exec(stdout)?.[1]);
  return { perSecond: Number(/Queries per second:\s+([\d.]+)/.exec(stdout)?.[1]), cpuUs: (cpu * 1e6) / completed };
}

head("GeoDNS: the policy", {});
const rates = Array.from({ length: ROUNDS }, () => decisionsPerSecond(sizeOf(1_000_000, 300_000)));
console.log(`decisions a second of processor time: ${rates.map(shown).join(" / ")} (target >= 200,000)`);

const missing = lacking("gdnsd");
if (missing.length > 0) console.log(`the name server is not compared: ${missing.join(", ")} missing (apt-get install gdnsd dnsperf)`);
else {
  const directory = mkdtempSync(join(tmpdir(), "atoll-bench-geodns-"));
  const queries = join(directory, "queries");
  writeFileSync(queries, `gw.${ZONE} A\n`);
  const mesh = new Mesh();
  mesh.down();
  const own = await openOwn(directory);
  const gdnsd = await openServer("gdnsd", mesh);
  const processes = Math.max(1, own.pids.length - 1);
  head(`GeoDNS: answers with a client's subnet, UDP, dnsperf on the same cores; ${processes} of our processes answer`, { gdnsd: "3.8.1" });
  const { ours, floor } = await inTurns(
    () => asked(own, queries),
    () => asked({ port: gdnsd.port, pids: [gdnsd.pid!] }, queries),
  );
  const rate = { ours: ours.map(({ perSecond }) => perSecond), floor: floor.map(({ perSecond }) => perSecond) };
  const cpu = { ours: ours.map(({ cpuUs }) => cpuUs), floor: floor.map(({ cpuUs }) => cpuUs) };
  tell([
    { name: "name server, answers a second against gdnsd", unit: "/s", ...rate, target: ">= 0.6x", holds: (a, b) => a / b >= 0.6 },
    {
      name: "the same against 20,000/s",
      unit: "/s",
      ...rate,
      target: ">= 20,000/s",
      holds: (a) => a >= 20_000,
      compared: (a) => `${shown(a)}/s`,
    },
    { name: "processor time of an answer", unit: "µs", ...cpu, target: "told", holds: () => true },
  ]);
  await gdnsd.close();
  await own.close();
  rmSync(directory, { recursive: true });
}
