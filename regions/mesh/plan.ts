/** What a mesh will be before anything is started: who listens where, with which secrets, on which servers. Kept in the folder, so that the next `up` is the same mesh. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FoundServer } from "../nats/server-binary.ts";
import { APP_USER, gatewayTier, jetStreamTier, type RegionServers } from "../nats/server-config.ts";
import { present, type Topology } from "../topology.ts";
import { derivedSecret, type MeshFolder, readJson, secretOf, writeWhole } from "./folder.ts";
import { localTopology } from "./local-topology.ts";
import { choosePort, choosePorts, type RegionPorts, tcpFree, udpFree } from "./ports.ts";
import type { ReadyDocument } from "./ready.ts";
import { Refused } from "./refused.ts";
import type { SwitchedStores } from "./store-switches.ts";

/** What the folder remembers. */
export interface Layout {
  readonly format: 1;
  /** Retired ones too: a region's place in it gives its port. */
  readonly regions: readonly string[];
  readonly retired?: readonly string[];
  readonly ports: Readonly<Record<string, RegionPorts>>;
  /** Where GeoDNS shows its health and metrics. */
  readonly geodnsHttp?: number;
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
  readonly layout: Layout & { readonly geodnsHttp: number };
  /** Of the first region. */
  readonly port: number;
  readonly topology: Topology;
  /** Without the retired. */
  readonly regions: readonly RegionPlan[];
  readonly geodnsPort: number;
  readonly geodnsHttpPort: number;
  readonly stores: SwitchedStores;
  readonly processes: ProcessCounts;
}
/** Of each region. */
export interface ProcessCounts {
  /** Gateways apart from the reconciler; 0: one process does all. */
  readonly gateways: number;
  /** All of them; the first decides. */
  readonly reconcilers: number;
}

/** ATOLL_MESH_SECRET of every region and of GeoDNS. */
export const contentSecret = ({ secret }: MeshPlan): string => derivedSecret(secret, "mesh content");

const GEODNS_ABOVE = 53;

export const presentIn = ({ regions, retired = [] }: Layout): readonly string[] => regions.filter((name) => !retired.includes(name));

async function checkPromised(port: number, { regions, retired = [] }: Pick<Layout, "regions" | "retired">): Promise<readonly number[]> {
  const promised = [...regions.flatMap((name, i) => (retired.includes(name) ? [] : [port + i])), port + GEODNS_ABOVE];
  for (const one of promised)
    if (!(await tcpFree(one))) throw new Refused(2, `port ${one} is in use`, "end what listens there, or choose another: --port");
  if (!(await udpFree(port + GEODNS_ABOVE))) throw new Refused(2, `UDP port ${port + GEODNS_ABOVE} is in use`, "choose another: --port");
  return promised;
}

const moveAway = ({ root }: MeshFolder): string => `move ${root} away, or name another folder with --data`;

/** What stands in the folder; undefined while nothing does. */
function readLayout(folder: MeshFolder): Layout | undefined {
  if (!existsSync(folder.layoutFile)) return undefined;
  const layout = readJson<Partial<Layout>>(folder.layoutFile);
  const refuse = (what: string): Refused => new Refused(2, `${folder.root} ${what}`, moveAway(folder));
  if (typeof layout !== "object" || layout === null) throw refuse("holds a layout.json that cannot be read");
  const { format, regions, retired, ports } = layout;
  if (format !== 1) throw refuse("was made by another version of Atoll");
  if (![regions, retired ?? []].every(isNames) || typeof ports !== "object" || ports === null)
    throw refuse("holds a layout.json that says too little");
  return layout as Layout;
}

const isNames = (value: unknown): boolean => Array.isArray(value) && value.every((name) => typeof name === "string");

function keptLayout(folder: MeshFolder, regions: readonly string[]): Layout | undefined {
  const layout = readLayout(folder);
  if (layout === undefined) return undefined;
  const there = presentIn(layout).join(",");
  if (there !== regions.join())
    throw new Refused(
      2,
      `${folder.root} holds a mesh of ${there}, not ${regions.join(",")}: names are for ever`,
      `start it with --regions ${there}, then atoll regions add or remove; or ${moveAway(folder)}`,
    );
  return layout;
}

/** The regions a folder was made with. */
export function keptRegions(folder: MeshFolder): readonly string[] | undefined {
  const layout = readLayout(folder);
  return layout === undefined ? undefined : presentIn(layout);
}

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
  const secrets = {
    app: derivedSecret(secret, `nats app ${name}`),
    mesh: derivedSecret(secret, `nats mesh ${name}`),
    link: derivedSecret(secret, "nats link"),
  };
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

/** What a mesh is before its regions are laid out. */
export type MeshBase = Pick<MeshPlan, "folder" | "secret" | "server" | "port" | "stores" | "processes">;

export async function planMesh(
  folder: MeshFolder,
  regions: readonly string[],
  port: number,
  server: FoundServer,
  stores: SwitchedStores,
  processes: ProcessCounts,
): Promise<MeshPlan> {
  const kept: Omit<Layout, "format"> = keptLayout(folder, regions) ?? { regions, ports: {} };
  const promised = await checkPromised(port, kept);
  const ports = { ...kept.ports, ...(await choosePorts(regions, kept.ports, promised)) };
  const taken = [...promised, ...Object.values(ports).flatMap((one) => Object.values(one) as number[])];
  const geodnsHttp = await choosePort(kept.geodnsHttp, taken);
  return drawPlan({ folder, secret: secretOf(folder), server, port, stores, processes }, { ...kept, format: 1, ports, geodnsHttp });
}

/** Writes down what follows from a layout: the list of regions, every server's configuration. */
export function drawPlan(mesh: MeshBase, layout: Layout & { readonly geodnsHttp: number }): MeshPlan {
  const { folder, secret, server, port } = mesh;
  const { regions, retired = [], ports } = layout;
  const topology = localTopology(
    regions.map((name) => ({ name, linkPort: ports[name]!.proxy, retired: retired.includes(name) })),
    port,
  );
  const there = presentIn(layout);
  const linked = Object.fromEntries(there.map((name) => [name, ports[name]!]));
  const plans = there.map((name) => planRegion(folder, secret, server, name, port + regions.indexOf(name), linked));
  writeWhole(folder.layoutFile, JSON.stringify(layout));
  writeWhole(folder.topologyFile, JSON.stringify(topology, null, 2));
  return { ...mesh, layout, topology, regions: plans, geodnsPort: port + GEODNS_ABOVE, geodnsHttpPort: layout.geodnsHttp };
}

export const readyOf = ({ folder, topology, geodnsPort }: MeshPlan): ReadyDocument => ({
  regions: present(topology).map(({ name, url, ws }) => ({ name, url, ws })),
  geodns: `127.0.0.1:${geodnsPort}`,
  data: folder.root,
  pid: process.pid,
});
