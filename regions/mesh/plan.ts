/** What a mesh will be before anything is started: who listens where, with which secrets, on which servers. Kept in the folder, so that the next `up` is the same mesh. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FoundServer } from "../nats/server-binary.ts";
import { APP_USER, gatewayTier, jetStreamTier, type RegionServers } from "../nats/server-config.ts";
import type { Topology } from "../topology.ts";
import { derivedSecret, type MeshFolder, readJson, secretOf, writeWhole } from "./folder.ts";
import { localTopology } from "./local-topology.ts";
import { choosePorts, type RegionPorts, tcpFree, udpFree } from "./ports.ts";
import type { ReadyDocument } from "./ready.ts";
import { Refused } from "./refused.ts";
import type { StoreSwitches } from "./store-switches.ts";

/** What the folder remembers. */
interface Layout {
  readonly format: 1;
  readonly regions: readonly string[];
  readonly ports: Readonly<Record<string, RegionPorts>>;
}
export interface RegionPlan {
  readonly name: string;
  readonly folder: string;
  /** Where users come in. */
  readonly port: number;
  readonly ports: RegionPorts;
  readonly jetStreamConfig: string;
  readonly gatewayConfig: string;
  readonly nats: { readonly url: string; readonly user: string; readonly password: string };
}
export interface MeshPlan {
  readonly folder: MeshFolder;
  readonly secret: string;
  readonly server: FoundServer;
  readonly topology: Topology;
  readonly regions: readonly RegionPlan[];
  readonly geodnsPort: number;
  readonly stores: StoreSwitches;
}

const GEODNS_ABOVE = 53;

async function checkPromised(port: number, regions: readonly string[]): Promise<readonly number[]> {
  const promised = [...regions.map((_, i) => port + i), port + GEODNS_ABOVE];
  for (const one of promised)
    if (!(await tcpFree(one))) throw new Refused(2, `port ${one} is in use`, "end what listens there, or choose another: --port");
  if (!(await udpFree(port + GEODNS_ABOVE))) throw new Refused(2, `UDP port ${port + GEODNS_ABOVE} is in use`, "choose another: --port");
  return promised;
}

function keptLayout(folder: MeshFolder, regions: readonly string[]): Layout | undefined {
  if (!existsSync(folder.layoutFile)) return undefined;
  const layout = readJson<Layout>(folder.layoutFile);
  const move = `move ${folder.root} away, or name another folder with --data`;
  if (layout?.format !== 1) throw new Refused(2, `${folder.root} was made by another version of Atoll`, move);
  if (layout.regions.join() !== regions.join())
    throw new Refused(
      2,
      `${folder.root} holds a mesh of ${layout.regions.join(",")}, not ${regions.join(",")}`,
      `start it with --regions ${layout.regions.join(",")}; or ${move}`,
    );
  return layout;
}

/** The regions a folder was made with. */
export const keptRegions = (folder: MeshFolder): readonly string[] | undefined => readJson<Layout>(folder.layoutFile)?.regions;

function planRegion(
  folder: MeshFolder,
  secret: string,
  server: FoundServer,
  name: string,
  port: number,
  all: Readonly<Record<string, RegionPorts>>,
): RegionPlan {
  const ports = all[name]!;
  const home = folder.region(name);
  const secrets = { app: derivedSecret(secret, `nats app ${name}`), mesh: derivedSecret(secret, `nats mesh ${name}`) };
  const servers: RegionServers = {
    region: name,
    version: server.version,
    secrets,
    jetStream: { port: ports.jetStream, monitorPort: ports.jetStreamMonitor, storeDir: join(home, "jetstream") },
    gateway: {
      port: ports.gateway,
      monitorPort: ports.gatewayMonitor,
      leafPort: ports.leaf,
      gatewayPort: ports.link,
      advertise: `127.0.0.1:${ports.proxy}`,
    },
    peers: Object.entries(all).flatMap(([region, { proxy }]) => (region === name ? [] : [{ region, url: `nats://127.0.0.1:${proxy}` }])),
  };
  const [jetStreamConfig, gatewayConfig] = [join(home, "jetstream.conf"), join(home, "gateway.conf")];
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(jetStreamConfig, jetStreamTier(servers), { mode: 0o600 });
  writeFileSync(gatewayConfig, gatewayTier(servers), { mode: 0o600 });
  return {
    name,
    folder: home,
    port,
    ports,
    jetStreamConfig,
    gatewayConfig,
    nats: { url: `nats://127.0.0.1:${ports.jetStream}`, user: APP_USER, password: secrets.app },
  };
}

export async function planMesh(
  folder: MeshFolder,
  regions: readonly string[],
  port: number,
  server: FoundServer,
  stores: StoreSwitches,
): Promise<MeshPlan> {
  const kept = keptLayout(folder, regions);
  const promised = await checkPromised(port, regions);
  const ports = await choosePorts(regions, kept?.ports ?? {}, promised);
  const secret = secretOf(folder);
  const topology = localTopology(
    regions.map((name) => ({ name, linkPort: ports[name]!.proxy })),
    port,
  );
  writeWhole(folder.layoutFile, JSON.stringify({ format: 1, regions, ports } satisfies Layout));
  writeWhole(folder.topologyFile, JSON.stringify(topology, null, 2));
  return {
    folder,
    secret,
    server,
    topology,
    regions: regions.map((name, i) => planRegion(folder, secret, server, name, port + i, ports)),
    geodnsPort: port + GEODNS_ABOVE,
    stores,
  };
}

export const readyOf = ({ folder, topology, geodnsPort }: MeshPlan): ReadyDocument => ({
  regions: topology.regions.map(({ name, url, ws }) => ({ name, url, ws })),
  geodns: `127.0.0.1:${geodnsPort}`,
  data: folder.root,
  pid: process.pid,
});
