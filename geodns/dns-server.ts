/** The embedded authoritative name server: UDP and TCP on one port. Everything it says comes from the zone, everything it reads may be garbage. */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { respond } from "./message.ts";
import { rankRegions } from "./policy.ts";
import { readAddress } from "./ranking.ts";
import type { GeoRegion, HealthView } from "./region.ts";
import { openZone, type Zone } from "./zone.ts";

export interface GeoDnsOptions {
  /** 0 = any free one, the same for UDP and TCP. */
  readonly port: number;
  readonly host?: string;
  readonly zone: string;
  /** In the order in which they are offered. */
  readonly regions: readonly GeoRegion[];
  readonly health: () => HealthView;
}
export interface GeoDns {
  readonly port: number;
  close(): Promise<void>;
}

const TCP_IDLE_MS = 10_000;
const TCP_CONNECTIONS = 512;
/** A client that asks without reading its answers is let go. */
const TCP_UNREAD_BYTES = 262_144;
const UDP_QUEUE_BYTES = 4 << 20;
const PORT_TRIES = 20;

export async function openGeoDns({ port, host = "127.0.0.1", zone: name, regions, health }: GeoDnsOptions): Promise<GeoDns> {
  const zone = openZone({ zone: name, regions, address: host, rank: (client) => rankRegions({ client, regions, health: health() }) });
  const sockets = new Set<Socket>();
  const { tcp, udp } = await listen(port, host, zone, sockets);
  return {
    port: portOf(tcp),
    async close() {
      for (const socket of sockets) socket.destroy();
      const closed = [once(tcp, "close"), once(udp, "close")];
      tcp.close();
      udp.close();
      await Promise.all(closed);
    },
  };
}

const portOf = (tcp: Server): number => {
  const address = tcp.address();
  return typeof address === "object" && address !== null ? address.port : 0;
};

/** The port that TCP was given may be taken for UDP: then another one is tried. */
async function listen(
  port: number,
  host: string,
  zone: Zone,
  sockets: Set<Socket>,
): Promise<{ readonly tcp: Server; readonly udp: UdpSocket }> {
  for (let tries = 1; ; tries += 1) {
    const tcp = openTcp(zone, sockets);
    tcp.listen(port, host);
    await once(tcp, "listening");
    // A connection that cannot be taken is the client's to try again.
    tcp.on("error", () => {});
    try {
      return { tcp, udp: await openUdp(zone, portOf(tcp), host) };
    } catch (error) {
      tcp.close();
      if (port !== 0 || tries >= PORT_TRIES) throw error;
    }
  }
}

async function openUdp(zone: Zone, port: number, host: string): Promise<UdpSocket> {
  const socket = createSocket({ type: host.includes(":") ? "udp6" : "udp4", recvBufferSize: UDP_QUEUE_BYTES });
  socket.on("message", (query, from) => {
    const answer = respond(zone, query, { address: readAddress(from.address), udp: true });
    // An answer that cannot be sent is lost like any datagram: the resolver asks again.
    if (answer) socket.send(answer, from.port, from.address, () => {});
  });
  socket.bind(port, host);
  try {
    await once(socket, "listening");
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.on("error", () => {});
  return socket;
}

function openTcp(zone: Zone, sockets: Set<Socket>): Server {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    serve(zone, socket);
  });
  server.maxConnections = TCP_CONNECTIONS;
  return server;
}

/** Each message comes behind its length; several may come at once and one in pieces (RFC 7766). */
function serve(zone: Zone, socket: Socket): void {
  const address = readAddress(socket.remoteAddress ?? "");
  let waiting: Buffer = Buffer.alloc(0);
  socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (piece) => {
    waiting = waiting.length === 0 ? piece : Buffer.concat([waiting, piece]);
    while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
      const end = 2 + waiting.readUInt16BE(0);
      const answer = respond(zone, waiting.subarray(2, end), { address, udp: false });
      if (!answer || socket.writableLength > TCP_UNREAD_BYTES) return void socket.destroy();
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length, 0);
      socket.write(Buffer.concat([length, answer]));
      waiting = waiting.subarray(end);
    }
  });
}
