/**
 * A region's door in a simulation: the production gateway's connections, fan-out, routing and catch-up, without its sockets, tokens and rates
 * (real cryptography and real time have no place on a virtual clock). It lives and dies with the life of its region.
 */
import type { RawData, WebSocket } from "ws";
import { Connection } from "../../gateway/connection.ts";
import type { Context } from "../../gateway/context.ts";
import { converse } from "../../gateway/conversation.ts";
import { decodeCursor } from "../../gateway/cursor.ts";
import { FanOut } from "../../gateway/fan-out.ts";
import type { Line } from "../../gateway/line.ts";
import type { Metrics } from "../../gateway/metrics.ts";
import { Flusher } from "../../gateway/outbox.ts";
import type { GatewayParts } from "../../gateway/parts.ts";
import { DEFAULT_LIMITS } from "../../gateway/parts.ts";
import { tellPresence } from "../../gateway/presence-news.ts";
import type { ClientFrame } from "../../gateway/protocol/frames-in.ts";
import { Routing } from "../../gateway/routing.ts";
import { SocketLine, type SocketLineParts } from "../../gateway/socket-line.ts";
import { Typing } from "../../gateway/typing.ts";
import type { Life } from "./life.ts";
import type { RunningRegion } from "./running-region.ts";

/** Nobody reads the metrics of a simulation. */
const NO_METRICS = new Proxy({}, { get: () => ({ inc: () => {}, dec: () => {}, set: () => {}, observe: () => {} }) }) as Metrics;
/** A small page, so that catching up takes several and can be interrupted between them. */
const PAGE_EVENTS = 2;
/** A socket takes little at once, so that live events come between the pages. */
const SOCKET_BYTES = 600;
const DRAIN_MS = 6;

export interface ServerFrameText {
  readonly type: string;
  readonly [field: string]: unknown;
}
export interface Hello {
  readonly user: string;
  readonly cursor: string | undefined;
  readonly channels: readonly string[];
}

/** The client's end of one connection. */
export interface Wire {
  say(frame: ClientFrame): void;
  /** The socket is gone, whoever ended it. */
  drop(): void;
}

export class SimulatedGateway {
  readonly #context: Context;
  readonly #lineParts: SocketLineParts;
  readonly #life: Life;
  #connections = 0;

  constructor(name: string, running: RunningRegion, life: Life, region: string) {
    const parts = {
      region,
      reader: running.reader,
      acceptor: running.acceptor,
      feed: running.feed,
      sync: running.links,
      presence: running.presence,
      ranking: { rank: () => ({ items: [], scope: 0, ttl: 0 }) },
      metrics: NO_METRICS,
      timers: life,
      now: () => life.nowMs(),
      newId: () => `${name}.${++this.#connections}`,
      log: { info: () => {}, warn: () => {}, error: ({ error }: { readonly error?: unknown }) => void this.#broken(error) },
    } as unknown as GatewayParts;
    const routing = new Routing();
    const fanOut = new FanOut({ reader: running.reader, routing, metrics: NO_METRICS, now: parts.now, happened: () => {} });
    this.#life = life;
    const limits = { ...DEFAULT_LIMITS, socketBytes: SOCKET_BYTES };
    const lines = new Set<Line>();
    this.#lineParts = {
      ...{ log: parts.log, rank: () => [], began: () => () => {}, limits, timers: life, newId: parts.newId, lines, slow: () => {} },
      flusher: new Flusher((run) => void life.after(0, run)),
    };
    this.#context = {
      parts,
      limits,
      routing,
      fanOut,
      typing: new Typing(parts, routing),
      catchUp: { reader: running.reader, timers: life, pageEvents: PAGE_EVENTS, told: () => fanOut.told },
      lines,
      draining: () => false,
    } as unknown as Context;
    running.feed.listen((told) => fanOut.hear(told));
    running.presence.onChange((changed) => tellPresence(running.reader, routing, changed));
  }

  /** A client says hello. `hear` is called inside the region's life, when a frame leaves it. */
  connect({ user, cursor, channels }: Hello, hear: (frame: ServerFrameText) => void): Wire {
    const socket = new FakeSocket(this.#life, hear);
    const line = new SocketLine(this.#lineParts, socket as unknown as WebSocket, undefined);
    const identity = { actor: { user, roles: ["user" as const] }, expiresAtMs: Number.MAX_SAFE_INTEGER };
    const began = cursor === undefined ? undefined : decodeCursor(cursor);
    const connection = new Connection(this.#context, line, identity, { cursor: began, seen: undefined, holds: false });
    connection.begin(cursor, channels);
    return { say: (frame) => converse(this.#context, connection, frame), drop: () => socket.end() };
  }

  #broken(error: unknown): void {
    throw error;
  }
}

/** As much of a WebSocket as a line of frames needs. */
class FakeSocket {
  readonly OPEN = 1;
  readonly extensions = "";
  bufferedAmount = 0;
  readyState = 1;
  readonly #life: Life;
  readonly #hear: (frame: ServerFrameText) => void;
  readonly #listeners = new Map<string, ((data?: RawData, isBinary?: boolean) => void)[]>();

  constructor(life: Life, hear: (frame: ServerFrameText) => void) {
    this.#life = life;
    this.#hear = hear;
  }

  on(name: string, listener: () => void): void {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
  }
  once(name: string, listener: () => void): void {
    this.on(name, listener);
  }

  send(bytes: Buffer, _options: object, written: () => void): void {
    if (this.readyState !== this.OPEN) return;
    this.#hear(JSON.parse(bytes.toString("utf8")) as ServerFrameText);
    this.bufferedAmount += bytes.length;
    this.#life.after(DRAIN_MS, () => {
      this.bufferedAmount -= bytes.length;
      written();
    });
  }
  ping(): void {}
  close(): void {
    this.end();
  }
  terminate(): void {
    this.end();
  }

  end(): void {
    if (this.readyState !== this.OPEN) return;
    this.readyState = 3;
    for (const listener of this.#listeners.get("close") ?? []) listener();
  }
}
