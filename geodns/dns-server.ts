/** The embedded authoritative name server: UDP and TCP on one port. Everything it says comes from the zone, everything it reads may be garbage. */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { type Address, addressBytes } from "./address.ts";
import { AnswerCache } from "./answer-cache.ts";
import type { Locate } from "./client.ts";
import { openCookies } from "./cookies.ts";
import { DnsCounts } from "./dns-counts.ts";
import { type Decision, decide } from "./policy.ts";
import { RateLimit } from "./rate-limit.ts";
import { type RespondParts, respond } from "./respond.ts";
import type { World } from "./steering.ts";
import { openZone, type Zone } from "./zone.ts";
import type { NameServer } from "./zone-records.ts";

export interface GeoDnsOptions {
  /** 0 = any free one, the same for UDP and TCP. */
  readonly port: number;
  readonly host?: string;
  readonly zone: string;
  readonly customers?: readonly string[];
  /** Without any: `ns1` at the address that is listened on. */
  readonly nameServers?: readonly NameServer[];
  readonly world: () => World;
  readonly locate: Locate;
  /** Answers a second by UDP for one network that has not shown where it is; 0 = no limit. */
  readonly answersPerSecond?: number;
  /** What cookies are made with: the same for all name servers of the zone. */
  readonly secret: string;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Told of each decision; an answer that is given again within its second is none. */
  readonly decided?: (decision: Decision) => void;
  /** Connections held at once. */
  readonly connectionsMost?: number;
  /** While this is true nothing is answered: what is known is too old to send anybody by. */
  readonly silent?: () => boolean;
  /** Of the UDP socket that is bound to this port. While it runs this process does nothing else. */
  readonly batches?: (port: number) => Batches | undefined;
}
/** Takes many datagrams from the kernel at once, and gives it many answers. */
export interface Batches {
  /** Answers what waits, and what comes while it does, for a few milliseconds at most. What `answer` is given is another's right after. */
  run(answer: (message: Buffer, from: Address) => Buffer | undefined): void;
}
export interface GeoDns {
  readonly port: number;
  readonly zone: Zone;
  readonly counts: DnsCounts;
  readonly limit: RateLimit;
  close(): Promise<void>;
}

const ANSWERS_PER_SECOND = 1_000;
const TCP_IDLE_MS = 10_000;
export const TCP_CONNECTIONS = 512;
/** A client that asks without reading its answers is let go. */
const TCP_UNREAD_BYTES = 262_144;
const UDP_QUEUE_BYTES = 4 << 20;
const PORT_TRIES = 20;
const SOURCES_KEPT = 10_000;

interface Serving {
  readonly parts: RespondParts;
  readonly sockets: Set<Socket>;
  readonly bytesOf: (address: string) => Uint8Array;
  readonly connectionsMost: number;
  readonly silent: () => boolean;
  readonly batches: (port: number) => Batches | undefined;
}

/** The zone as the policy steers it. */
export const openSteeredZone = ({
  zone,
  host = "127.0.0.1",
  customers = [],
  nameServers = [{ name: "ns1", addresses: [host] }],
  world,
  decided,
}: Pick<GeoDnsOptions, "zone" | "host" | "customers" | "nameServers" | "world" | "decided">): Zone =>
  openZone({
    zone,
    regions: () => world().regions,
    customers,
    nameServers,
    decide: (client) => {
      const decision = decide(world(), client);
      decided?.(decision);
      return decision;
    },
  });

export async function openGeoDns(options: GeoDnsOptions): Promise<GeoDns> {
  const { port, host = "127.0.0.1", world, locate, nowMs } = options;
  const counts = new DnsCounts();
  const zone = openSteeredZone(options);
  const limit = new RateLimit({ perSecond: options.answersPerSecond ?? ANSWERS_PER_SECOND, nowMs });
  const serving: Serving = {
    parts: {
      zone,
      locate,
      cookies: openCookies(options.secret, () => Math.floor(nowMs() / 1_000)),
      limit,
      cache: new AnswerCache(),
      world,
      nowMs,
      counts,
    },
    sockets: new Set(),
    bytesOf: remembering(),
    connectionsMost: options.connectionsMost ?? TCP_CONNECTIONS,
    silent: options.silent ?? (() => false),
    batches: options.batches ?? (() => undefined),
  };
  const { tcp, udp } = await listen(port, host, serving);
  return {
    port: portOf(tcp),
    zone,
    counts,
    limit,
    async close() {
      for (const socket of serving.sockets) socket.destroy();
      const closed = [once(tcp, "close"), once(udp, "close")];
      tcp.close();
      udp.close();
      await Promise.all(closed);
    },
  };
}

const NOWHERE = new Uint8Array(4);

/** Resolvers come again and again: their addresses are read once. */
function remembering(): (address: string) => Uint8Array {
  const known = new Map<string, Uint8Array>();
  return (address) => {
    const found = known.get(address);
    if (found !== undefined) return found;
    if (known.size >= SOURCES_KEPT) known.clear();
    const bytes = addressBytes(address.replace(/%.*$/, "")) ?? NOWHERE;
    known.set(address, bytes);
    return bytes;
  };
}

const portOf = (tcp: Server): number => {
  const address = tcp.address();
  return typeof address === "object" && address !== null ? address.port : 0;
};

/** The port that TCP was given may be taken for UDP: then another one is tried. */
async function listen(port: number, host: string, serving: Serving): Promise<{ readonly tcp: Server; readonly udp: UdpSocket }> {
  for (let tries = 1; ; tries += 1) {
    const tcp = openTcp(serving);
    tcp.listen(port, host);
    await once(tcp, "listening");
    // A connection that cannot be taken is the client's to try again.
    tcp.on("error", () => {});
    try {
      return { tcp, udp: await openUdp(portOf(tcp), host, serving) };
    } catch (error) {
      tcp.close();
      if (port !== 0 || tries >= PORT_TRIES) throw error;
    }
  }
}

async function openUdp(port: number, host: string, serving: Serving): Promise<UdpSocket> {
  const type = host.includes(":") ? "udp6" : "udp4";
  const socket = createSocket({
    type,
    recvBufferSize: UDP_QUEUE_BYTES,
    // Answers go to addresses, never to names: nothing is to be looked up.
    lookup: (address, _options, done) => done(null, address, type === "udp4" ? 4 : 6),
  });
  // Before the bind: with such a look-up it may be there at once.
  const listening = once(socket, "listening");
  socket.bind(port, host);
  try {
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  // An answer that cannot be sent is lost like any datagram: the resolver asks again.
  socket.on("error", () => {});
  answerDatagrams(socket, port, serving);
  return socket;
}

/** The first by Node's way; then what waits and what comes with it by the batch. Between two batches the process has a turn for all else. */
function answerDatagrams(socket: UdpSocket, port: number, { parts, bytesOf, silent, batches }: Serving): void {
  const answered = (message: Buffer, address: Address): Buffer | undefined =>
    silent() ? undefined : respond(parts, message, { address, udp: true });
  const many = batches(port);
  let rests = many === undefined;
  const rested = (): void => {
    rests = false;
  };
  socket.on("message", (message, from) => {
    const answer = answered(message, bytesOf(from.address));
    if (answer !== undefined) socket.send(answer, from.port, from.address);
    if (rests) return;
    many?.run(answered);
    rests = true;
    setImmediate(rested);
  });
}

function openTcp({ parts, sockets, bytesOf, connectionsMost, silent }: Serving): Server {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    converse(parts, socket, bytesOf(socket.remoteAddress ?? ""), silent);
  });
  server.maxConnections = connectionsMost;
  return server;
}

/** Each message comes behind its length; several may come at once and one in pieces (RFC 7766). */
function converse(parts: RespondParts, socket: Socket, address: Uint8Array, silent: () => boolean): void {
  let waiting: Buffer = Buffer.alloc(0);
  socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (piece) => {
    if (silent()) return void socket.destroy();
    waiting = waiting.length === 0 ? piece : Buffer.concat([waiting, piece]);
    while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
      const end = 2 + waiting.readUInt16BE(0);
      const answer = respond(parts, waiting.subarray(2, end), { address, udp: false });
      if (!answer || socket.writableLength > TCP_UNREAD_BYTES) return void socket.destroy();
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length, 0);
      socket.write(Buffer.concat([length, answer]));
      waiting = waiting.subarray(end);
    }
  });
}
