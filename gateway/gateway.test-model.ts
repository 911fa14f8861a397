/** A real gateway over a fake region, people with tokens, and sockets that keep every frame. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import { WebSocket } from "ws";
import type { Presence, Sync } from "../core/objects.ts";
import { embeddedHistory } from "../core/ports/message-history.ts";
import type { Timers } from "../core/ports/time.ts";
import { yjsTexts } from "../reconciliation/text-merge.ts";
import { type EdgeParts, openEdge } from "./edge/edge.ts";
import { openEdgeMetrics } from "./edge/edge-metrics.ts";
import { FakeRegion } from "./fake-region.test-model.ts";
import { openMetrics } from "./metrics.ts";
import type { Gateway, GatewayParts } from "./parts.ts";
import { openGateway } from "./server.ts";
import { trunkKey } from "./trunk/words.ts";

export const SECRET = "a secret for tests only";

export const realTimers: Timers = {
  after: (delayMs, run) => {
    const handle = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  every: (periodMs, run) => {
    const handle = setInterval(run, periodMs);
    return { cancel: () => clearInterval(handle) };
  },
  monotonicMs: () => performance.now(),
};

const LIVE: Sync = { region: "us", state: "live", at: new Date(0).toISOString(), peers: [], converged: null };

class FakeBoards {
  sync: Sync = LIVE;
  readonly syncListeners = new Set<(sync: Sync) => void>();
  readonly presenceListeners = new Set<(changed: readonly Presence[]) => void>();
  readonly announced = new Map<string, { readonly user: string; readonly status: "online" | "away" }>();

  parts(): Pick<GatewayParts, "sync" | "presence" | "ranking" | "verifier"> {
    return {
      sync: {
        sync: () => this.sync,
        watermark: (channel) => ({ channel, complete: { us: new Date().toISOString() }, replicatedTo: new Date().toISOString() }),
        clockSkewMs: () => 0,
        onSync: (listener) => {
          this.syncListeners.add(listener);
          return () => void this.syncListeners.delete(listener);
        },
        offered: () => ({ ok: true, why: "" }),
      },
      presence: {
        announce: (connection, user, status) => void this.announced.set(connection, { user, status }),
        leave: (connection) => void this.announced.delete(connection),
        who: (users) => users.map((user) => ({ user, status: "online" as const, since: new Date(0).toISOString(), regions: ["us"] })),
        onChange: (listener) => {
          this.presenceListeners.add(listener);
          return () => void this.presenceListeners.delete(listener);
        },
      },
      ranking: { rank: () => ({ items: [{ name: "us", url: "http://127.0.0.1", state: "live", why: "near" }], scope: 0, ttl: 30 }) },
      verifier: { verify: async () => ({ equal: true, asOf: {}, digest: null, regions: {}, differences: [] }) },
    };
  }
}

export interface Opened {
  readonly gateway: Gateway;
  readonly region: FakeRegion;
  readonly boards: FakeBoards;
  readonly parts: GatewayParts;
  readonly url: string;
  readonly errors: unknown[];
  /** Ends the gateway; nothing has gone wrong in it. */
  readonly close: () => Promise<void>;
}

export async function openTestGateway(changes: Partial<GatewayParts> = {}, region = new FakeRegion()): Promise<Opened> {
  const boards = new FakeBoards();
  const errors: unknown[] = [];
  const parts: GatewayParts = {
    region: region.name,
    mesh: "k3x9",
    version: "0.0.0-test",
    host: "127.0.0.1",
    port: 0,
    acceptor: region.acceptor,
    reader: region.reader,
    texts: yjsTexts,
    history: embeddedHistory(region.reader),
    feed: region.feed,
    tracer: region.tracer,
    webhooks: region.webhooks,
    ...boards.parts(),
    auth: { secret: SECRET },
    metrics: openMetrics({ region: region.name, version: "0.0.0-test" }),
    readiness: () => [{ name: "nats", ok: true }],
    timers: realTimers,
    now: () => Date.now(),
    newId: () => randomUUID(),
    log: { info: () => {}, warn: () => {}, error: (facts, sentence) => void errors.push({ sentence, ...facts }) },
    ...changes,
  };
  const gateway = apart ? await openApart(parts) : await openGateway(parts);
  const close = async (): Promise<void> => {
    await gateway.close();
    assert.deepEqual(errors, []);
  };
  return { gateway, region, boards, parts, url: `http://127.0.0.1:${gateway.port}`, errors, close };
}

/** A gateway with one room, which Ana owns and Ben is a member of. */
export interface OpenedRoom extends Opened {
  /** Its identity, and its id as people are shown it. */
  readonly channel: string;
  readonly shown: string;
}

export async function openTestRoom(): Promise<OpenedRoom> {
  const opened = await openTestGateway();
  const channel = opened.region.channel("room", { ana: "owner", ben: "member" });
  return { ...opened, channel, shown: opened.region.shown(channel) };
}

let apart = false;
/** From here on test gateways are two processes' worth: sockets and calls come by a gateway apart from the reconciler. */
export function openGatewaysApart(): void {
  apart = true;
}

export const TRUNK_KEY = trunkKey("a mesh secret for tests only", "us");

export const edgeParts = (parts: GatewayParts, reconciler: string): EdgeParts => ({
  ...{ host: parts.host, port: 0, reconciler, key: TRUNK_KEY, name: "gateway-1", timers: parts.timers, newId: parts.newId, log: parts.log },
  metrics: openEdgeMetrics(parts.region, "gateway-1"),
  ...(parts.limits === undefined ? {} : { limits: parts.limits }),
  ...(parts.allowedOrigins === undefined ? {} : { allowedOrigins: parts.allowedOrigins }),
});

/** Both together, as one gateway: its port is the door of the gateway process, its end the end of both. */
async function openApart(parts: GatewayParts): Promise<Gateway> {
  const reconciler = await openGateway({ ...parts, trunk: { key: TRUNK_KEY, only: true } });
  const edge = await openEdge(edgeParts(parts, `http://127.0.0.1:${reconciler.port}`));
  await until(() => edge.state.up, "a trunk");
  return {
    port: edge.port,
    connections: () => reconciler.connections(),
    drain: async (why) => {
      await reconciler.drain(why);
      await edge.drain();
    },
    close: async () => {
      await edge.close();
      await reconciler.close();
    },
  };
}

export const tokenOf = (user: string, { roles = ["user"], ttlMs = 3_600_000, secret = SECRET } = {}): Promise<string> =>
  new SignJWT({ roles })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(user)
    .setExpirationTime(new Date(Date.now() + ttlMs))
    .sign(new TextEncoder().encode(secret));

export type Frame = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Waits for a state; never a fixed time. */
export async function until<T>(look: () => T | undefined | false | null, what: string, withinMs = 30_000): Promise<T> {
  const start = performance.now();
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false && found !== null) return found;
    if (performance.now() - start > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((later) => setTimeout(later, 5));
  }
}

export class Socket {
  readonly raw: WebSocket;
  readonly frames: Frame[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  #asked = 0;

  constructor(url: string) {
    this.raw = new WebSocket(`${url.replace("http", "ws")}/v1/connect`, "atoll.v1", { perMessageDeflate: false });
    this.raw.on("error", () => {});
    this.raw.on("close", (code, reason) => {
      this.closed = { code, reason: String(reason) };
    });
    this.raw.on("message", (data) => this.frames.push(JSON.parse(String(data)) as Frame));
  }

  /** Open, welcome. */
  static async of(url: string, user: string, hello: object = {}): Promise<Socket> {
    const socket = await Socket.bare(url);
    socket.say({ type: "hello", protocol: 1, token: await tokenOf(user), ...hello });
    await socket.frame("welcome");
    return socket;
  }
  static async bare(url: string): Promise<Socket> {
    const socket = new Socket(url);
    await until(() => socket.raw.readyState === 1 || socket.closed !== undefined, "an open socket");
    return socket;
  }

  say(frame: object | string): void {
    this.raw.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }
  ofType(type: string): readonly Frame[] {
    return this.frames.filter((frame) => frame.type === type);
  }
  frame(type: string, wanted: (frame: Frame) => boolean = () => true): Promise<Frame> {
    return until(() => this.frames.find((frame) => frame.type === type && wanted(frame)), `a frame ${type}`);
  }
  async ask(frame: object): Promise<Frame> {
    this.#asked += 1;
    const id = `q${this.#asked}`;
    this.say({ ...frame, id });
    return this.frame("reply", (reply) => reply["id"] === id);
  }
  /** Everything said before this has arrived. */
  async drained(): Promise<void> {
    const before = this.ofType("pong").length;
    this.say({ type: "ping" });
    await until(() => this.ofType("pong").length > before, "pong");
  }
  events(): readonly { readonly position: string; readonly kind: string }[] {
    return this.frames.flatMap((frame) =>
      frame.type === "event" ? [frame["event"]] : frame.type === "events" ? (frame["items"] as object[]) : [],
    ) as never;
  }
  end(): Promise<unknown> {
    this.raw.terminate();
    return until(() => this.closed, "close");
  }
}
