/** Which ports a mesh uses. Only port+i and port+53 are promised; the servers' own are chosen at the first `up` and kept (hard parts H10). */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";

export interface RegionPorts {
  /** JetStream tier, for the region's own programs. */
  readonly jetStream: number;
  readonly jetStreamMonitor: number;
  readonly gateway: number;
  readonly gatewayMonitor: number;
  /** Gateway tier, where the JetStream tier connects as a leaf. */
  readonly leaf: number;
  /** Gateway tier, where other regions' gateways really arrive. */
  readonly link: number;
  /** Where the reconciler listens when gateways are processes of their own. */
  readonly reconciler: number;
  /** The proxy in front of `link`: what is advertised to other regions. */
  readonly proxy: number;
}
type PortName = keyof RegionPorts;
const NAMES: readonly PortName[] = ["jetStream", "jetStreamMonitor", "gateway", "gatewayMonitor", "leaf", "link", "proxy", "reconciler"];

export const tcpFree = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const server = createServer()
      .once("error", () => done(false))
      .listen(port, "127.0.0.1", () => server.close(() => done(true)));
  });

export const udpFree = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = createSocket("udp4")
      .once("error", () => done(false))
      .bind(port, "127.0.0.1", () => socket.close(() => done(true)));
  });

/** Below the range from which systems give outgoing connections their ports: a port chosen here stays free while its server restarts. */
const LOWEST = 20_000;
const HIGHEST = 32_700;

export async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (!taken.has(port) && (await tcpFree(port))) return port;
  }
}

/** One port more: the one kept from before where it is still free. */
export async function choosePort(kept: number | undefined, taken: readonly number[]): Promise<number> {
  return kept !== undefined && !taken.includes(kept) && (await tcpFree(kept)) ? kept : freePort(new Set(taken));
}

/** The ports of each region: those kept from before where they are still free, else newly chosen ones. */
export async function choosePorts(
  regions: readonly string[],
  kept: Readonly<Record<string, RegionPorts>>,
  promised: readonly number[],
): Promise<Readonly<Record<string, RegionPorts>>> {
  const taken = new Set(promised);
  const chosen: Record<string, RegionPorts> = {};
  for (const region of regions) {
    const ports: Partial<Record<PortName, number>> = {};
    for (const name of NAMES) {
      const before = kept[region]?.[name];
      const port = before !== undefined && !taken.has(before) && (await tcpFree(before)) ? before : await freePort(taken);
      taken.add(port);
      ports[name] = port;
    }
    chosen[region] = ports as RegionPorts;
  }
  return chosen;
}
