/**
 * Clients that connect and never read again (reliability: a server that buffers for them without end dies of it). They are raw sockets with a
 * handshake made by hand, since a library would read on its own.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect, type Socket as TcpSocket } from "node:net";
import { type MeshUnderTest, until } from "./atoll.ts";
import { channelOf } from "./channel.ts";
import type { Person } from "./person.ts";
import { Socket } from "./socket.ts";

export interface SlowReadersOptions {
  readonly mesh: MeshUnderTest;
  readonly region: string;
  readonly sockets: number;
  /** What is addressed to each of them. */
  readonly bytesEach: number;
}
export interface SlowReaders {
  readonly grownBytes: number;
  /** From the last write to the end of the last slow connection. */
  readonly closedMs: number;
  /** Closed by the gateway as too slow. */
  readonly slow: number;
  readonly written: number;
  /** What the reader who does read had heard, each message once and in order, when the last slow one was gone. */
  readonly heard: number;
  readonly heardInOrder: boolean;
  /** The slowest answer to the writer, ms. */
  readonly slowestWriteMs: number;
}

const BODY_BYTES = 16_000;
const PER_USER = 20;
const WRITES_AT_ONCE = 8;
const CLOSED_MS = 60_000;

export async function meetSlowReaders({ mesh, region, sockets, bytesEach }: SlowReadersOptions): Promise<SlowReaders> {
  const users = await Promise.all(Array.from({ length: Math.ceil(sockets / PER_USER) }, (_, i) => mesh.person(`slow-${i}`)));
  const writer = await mesh.person("slow-writer");
  const channel = await channelOf(mesh, [writer, ...users], "slow");
  const connections = (): Promise<number> => mesh.metric(region, "atoll_connections");
  const slowBefore = await mesh.metric(region, "atoll_slow_consumers_total");
  const reader = await Socket.open(mesh.url(region), { token: writer.token, channels: [channel] });
  const stuck: TcpSocket[] = [];
  for (let i = 0; i < sockets; i += 1) stuck.push(await neverReads(mesh.url(region), users[Math.floor(i / PER_USER)]!.token, channel));
  await until("all are connected", async () => (await connections()) === sockets + 1);

  const memory = watchMemory(mesh.servingPids(region));
  const count = Math.ceil(bytesEach / BODY_BYTES);
  const slowestWriteMs = await writeAll(writer, region, channel, count);
  const closedMs = await until("all who do not read are gone", async () => (await connections()) === 1, CLOSED_MS);
  await until("who reads has heard everything", () => heardBy(reader).length === count);
  const grownBytes = memory.stop();
  for (const socket of stuck) socket.destroy();
  reader.close();
  const heard = heardBy(reader);
  return {
    grownBytes,
    closedMs,
    slow: (await mesh.metric(region, "atoll_slow_consumers_total")) - slowBefore,
    written: count,
    heard: new Set(heard).size,
    heardInOrder: heard.every((position, i) => i === 0 || isAfter(position, heard[i - 1] ?? "")),
    slowestWriteMs,
  };
}

const heardBy = (reader: Socket): readonly string[] =>
  reader.events().flatMap(({ kind, position }) => (kind === "message.sent" ? [String(position)] : []));
const isAfter = (one: string, other: string): boolean => one.localeCompare(other, "en", { numeric: true }) > 0;

async function writeAll(writer: Person, region: string, channel: string, count: number): Promise<number> {
  let next = 0;
  let slowestMs = 0;
  const some = async (): Promise<void> => {
    for (let nth = next++; nth < count; nth = next++) {
      const startMs = performance.now();
      const body = `${nth} `.padEnd(BODY_BYTES, "x");
      const key = `slow-${nth}`;
      const answer = await writer.surely(() => region, { method: "POST", path: `/v1/channels/${channel}/messages`, key, body: { body } });
      if (answer.status !== 201) throw new Error(`refused: ${JSON.stringify(answer.body)}`);
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
    }
  };
  await Promise.all(Array.from({ length: WRITES_AT_ONCE }, some));
  return slowestMs;
}

/** Resolves when the region has taken the socket; nothing that comes after is read. */
function neverReads(url: string, token: string, channel: string): Promise<TcpSocket> {
  const { hostname, port } = new URL(url);
  const key = randomBytes(16).toString("base64");
  const upgrade = [
    "GET /v1/connect HTTP/1.1",
    `Host: ${hostname}:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Protocol: atoll.v1",
    `Sec-WebSocket-Key: ${key}`,
    "\r\n",
  ];
  return new Promise((done, fail) => {
    const socket = connect(Number(port), hostname, () => socket.write(upgrade.join("\r\n")));
    socket.once("error", fail);
    socket.once("data", (answer) => {
      socket.pause();
      if (!String(answer).startsWith("HTTP/1.1 101")) return fail(new Error(String(answer)));
      socket.on("error", () => undefined); // it is cut in the end
      socket.write(masked(JSON.stringify({ type: "hello", protocol: 1, token, channels: [channel] })));
      done(socket);
    });
  });
}

/** A text frame as a client sends it (RFC 6455 §5.2). */
function masked(text: string): Buffer {
  const payload = Buffer.from(text);
  const mask = randomBytes(4);
  const head = Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0))]);
}

/** Resident memory of processes together, looked at all the time. */
function watchMemory(pids: readonly number[]): { stop(): number } {
  const of = (pid: number): number => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1_024;
  const resident = (): number => pids.reduce((sum, pid) => sum + of(pid), 0);
  const before = resident();
  let most = before;
  const look = setInterval(() => (most = Math.max(most, resident())), 50);
  return {
    stop: () => {
      clearInterval(look);
      return Math.max(most, resident()) - before;
    },
  };
}
