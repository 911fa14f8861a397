/** Real name servers over one policy, each in a folder of its own: how they are started, and how `dig` asks them. */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { DecisionCounts } from "../geodns/decision-counts.ts";
import { DnsCounts } from "../geodns/dns-counts.ts";
import { type GeoDns, openGeoDns } from "../geodns/dns-server.ts";
import { openPdnsRemote } from "../geodns/pdns-remote.ts";
import type { GeoRegion, RegionHealth } from "../geodns/region.ts";
import type { World } from "../geodns/steering.ts";
import { openAnswering } from "./answering/answering.ts";
import { freePort } from "./answering/free-port.ts";
import { readNetworkTable } from "./geo/network-table.ts";
import { openRealTimers } from "./real-timers.ts";
import { writeGdnsdFiles } from "./steering/gdnsd-writer.ts";

export const ZONE = "chat.test";
export const REGIONS: readonly GeoRegion[] = [
  { name: "us", url: "https://us.example:443", addresses: ["192.0.2.11", "2001:db8:1::11"], latitude: 39, longitude: -77 },
  { name: "eu", url: "https://eu.example:443", addresses: ["192.0.2.21", "2001:db8:2::21"], latitude: 50, longitude: 9 },
  { name: "ap", url: "https://ap.example:443", addresses: ["192.0.2.31", "2001:db8:3::31"], latitude: 1.3, longitude: 103.8 },
];
/** Network -> the region that is near it. */
export const NEAR: readonly (readonly [network: string, region: string])[] = [
  ["198.51.100.0/24", "us"],
  ["203.0.113.0/24", "eu"],
  ["198.18.0.0/24", "ap"],
];
const PLACES = "198.51.100.0/24,US,40,-75\n203.0.113.0/24,DE,50,8\n198.18.0.0/24,SG,1,104\n2001:db8:aaaa::/48,DE,50,8\n";

/** The world that all of them answer from; a story changes it. */
export class Mesh {
  #world: World = { regions: REGIONS, health: new Map() };
  readonly #followers = new Set<() => void>();
  readonly locate = readNetworkTable(PLACES);
  down(...names: readonly string[]): void {
    const health = (name: string): RegionHealth => ({
      state: names.includes(name) ? "down" : "up",
      ...{ why: "as told", settled: true, share: 1, shed: 0 },
    });
    this.#world = { regions: REGIONS, health: new Map(REGIONS.map(({ name }) => [name, health(name)])) };
    for (const changed of this.#followers) changed();
  }
  world = (): World => this.#world;
  follow(changed: () => void): () => void {
    this.#followers.add(changed);
    return () => this.#followers.delete(changed);
  }
}

export interface Server {
  readonly port: number;
  /** Of the process that answers, where it is not this one. */
  readonly pid?: number | undefined;
  /** How long a change may take to be answered: caches and files in between. */
  readonly changedWithinMs: number;
  close(): Promise<void>;
}
export type ServerName = "embedded" | "two processes" | "pdns" | "dnsdist" | "gdnsd";
const BINARIES: Readonly<Record<ServerName, readonly string[]>> = {
  embedded: ["dig"],
  "two processes": ["dig"],
  pdns: ["dig", "pdns_server"],
  dnsdist: ["dig", "pdns_server", "dnsdist"],
  gdnsd: ["dig", "gdnsd"],
};
const isThere = (binary: string): boolean => spawnSync("sh", ["-c", `PATH=$PATH:/usr/sbin command -v ${binary}`]).status === 0;
export const lacking = (server: ServerName): readonly string[] => BINARIES[server].filter((binary) => !isThere(binary));

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}
function run(binary: string, args: readonly string[]): ChildProcess {
  const child = spawn(binary, args, {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` },
  });
  return child;
}
const SERVE = { host: "127.0.0.1", port: 0, zone: ZONE, customers: ["acme"], secret: "for tests" };
const openOwn = (mesh: Mesh): Promise<GeoDns> => openGeoDns({ ...SERVE, world: mesh.world, locate: mesh.locate, nowMs: Date.now });

async function openTwo(mesh: Mesh, directory: string): Promise<Server> {
  const places = join(directory, "places");
  writeFileSync(places, PLACES);
  const two = await openAnswering({
    ...{ processes: 2, serve: { ...SERVE, places }, source: mesh },
    ...{ counts: new DnsCounts(), decisions: new DecisionCounts(), timers: openRealTimers(), log: pino({ level: "silent" }) },
  });
  return { port: two.port, changedWithinMs: 1_000, close: () => two.close() };
}

async function openPdns(mesh: Mesh, directory: string): Promise<Server> {
  const own = await openOwn(mesh);
  const path = join(directory, "remote.sock");
  const remote = await openPdnsRemote({ path, zone: own.zone, locate: mesh.locate });
  const port = await freePort("127.0.0.1");
  writeFileSync(
    join(directory, "pdns.conf"),
    [
      "launch=remote",
      `remote-connection-string=unix:path=${path}`,
      "local-address=127.0.0.1",
      `local-port=${port}`,
      `socket-dir=${directory}`,
      "edns-subnet-processing=yes",
      "negquery-cache-ttl=1",
      "webserver=no",
      "daemon=no",
      "guardian=no",
      "disable-syslog=yes",
      "loglevel=3",
      "security-poll-suffix=",
    ].join("\n"),
  );
  const child = run("pdns_server", [`--config-dir=${directory}`]);
  return {
    port,
    changedWithinMs: 3_000,
    close: async () => {
      await ended(child);
      await remote.close();
      await own.close();
    },
  };
}
async function openDnsdist(mesh: Mesh, directory: string): Promise<Server> {
  const behind = await openPdns(mesh, directory);
  const port = await freePort("127.0.0.1");
  writeFileSync(
    join(directory, "dnsdist.lua"),
    [
      `setLocal('127.0.0.1:${port}')`,
      `newServer({address='127.0.0.1:${behind.port}', checkName='${ZONE}.', useClientSubnet=false})`,
      "pc = newPacketCache(10000, {maxTTL=5, parseECS=true})",
      'getPool(""):setCache(pc)',
      'setSecurityPollSuffix("")',
    ].join("\n"),
  );
  const child = run("dnsdist", ["-C", join(directory, "dnsdist.lua"), "--supervised", "--disable-syslog"]);
  return {
    port,
    changedWithinMs: 8_000,
    close: async () => {
      await ended(child);
      await behind.close();
    },
  };
}
async function openGdnsd(mesh: Mesh, directory: string): Promise<Server> {
  for (const folder of ["run", "state", "zones", "geoip", "extfile"]) mkdirSync(join(directory, folder));
  const files = join(directory, "files");
  mkdirSync(files);
  const end = writeGdnsdFiles({
    directory: files,
    world: mesh.world,
    locate: mesh.locate,
    timers: openRealTimers(),
    failed: (error) => console.error(error),
  });
  const port = await freePort("127.0.0.1");
  const addresses = REGIONS.map(
    ({ name, addresses: [ipv4, ipv6] = [] }) => `${name} => { addrs_v4 => [ ${ipv4} ], addrs_v6 => [ ${ipv6} ] }`,
  );
  writeFileSync(
    join(directory, "config"),
    `options => { listen => [ 127.0.0.1:${port} ], run_dir => ${join(directory, "run")}, state_dir => ${join(directory, "state")}, udp_threads => 1, tcp_threads => 1 }
service_types => { seen => { plugin => extfile, file => ${join(files, "extfile")}, direct => true, interval => 2, def_down => false } }
plugins => { geoip => {
  maps => { near => { datacenters => [ ${REGIONS.map(({ name }) => name).join(", ")} ], nets => ${join(files, "nets")} } }
  resources => { gw => { map => near, service_types => seen, dcmap => { ${addresses.join(", ")} } } }
} }
`,
  );
  const own = REGIONS.flatMap(({ name, addresses: [ipv4, ipv6] = [] }) => [`${name}.gw 30 A ${ipv4}`, `${name}.gw 30 AAAA ${ipv6}`]);
  writeFileSync(
    join(directory, "zones", ZONE),
    ["@ SOA ns1 dns 1 3600 600 86400 30", "@ NS ns1", "ns1 A 127.0.0.1", "gw 30/5 DYNA geoip!gw", "acme 3600 CNAME gw", ...own, ""].join(
      "\n",
    ),
  );
  const child = run("gdnsd", ["-c", directory, "start"]);
  return {
    port,
    pid: child.pid,
    changedWithinMs: 8_000,
    close: async () => {
      end();
      await ended(child);
    },
  };
}

export async function openServer(name: ServerName, mesh: Mesh): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), `atoll-${name}-`));
  const opened = async (): Promise<Server> => {
    if (name === "two processes") return openTwo(mesh, directory);
    if (name === "pdns") return openPdns(mesh, directory);
    if (name === "dnsdist") return openDnsdist(mesh, directory);
    if (name === "gdnsd") return openGdnsd(mesh, directory);
    const own = await openOwn(mesh);
    return { port: own.port, changedWithinMs: 0, close: () => own.close() };
  };
  const server = await opened();
  return {
    ...server,
    close: async () => {
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export interface Dug {
  readonly status: string;
  readonly answers: readonly string[];
  readonly authorities: readonly string[];
  /** "198.51.100.0/24/24": as given, and the scope. */
  readonly subnet: string | undefined;
}
/** The real `dig`; "none" as status when nobody answers. */
export function dig(port: number, name: string, type: string, ...more: readonly string[]): Promise<Dug> {
  const args = ["@127.0.0.1", "-p", String(port), name, type, "+tries=1", "+time=2", "+norecurse", "+nocookie", ...more];
  return new Promise((done) => {
    execFile("dig", args, (_, stdout) => {
      const section = (title: string): readonly string[] => {
        const found = new RegExp(`;; ${title} SECTION:\\n((?:[^;\\n].*\\n)+)`).exec(stdout)?.[1] ?? "";
        return found.split("\n").flatMap((line) => {
          const [owner, , , kind, ...data] = line.split(/\s+/);
          return kind === undefined ? [] : [`${owner} ${kind} ${data.join(" ")}`];
        });
      };
      done({
        status: /status: (\w+)/.exec(stdout)?.[1] ?? "none",
        answers: section("ANSWER"),
        authorities: section("AUTHORITY"),
        subnet: /CLIENT-SUBNET: (\S+)/.exec(stdout)?.[1],
      });
    });
  });
}
