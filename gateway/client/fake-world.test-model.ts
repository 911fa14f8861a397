/** A world of its own for the client library: time that passes only when a test says so, and regions whose every frame a test sees and writes. */
import { setImmediate as turn } from "node:timers/promises";
import type { Timer, Timers } from "../../core/ports/time.ts";
import type { HeardFrame, SaidFrame } from "./frames.ts";
import type { Fetch, SocketLike, Surroundings } from "./surroundings.ts";

interface Due {
  readonly atMs: number;
  readonly run: () => void;
}
type Listener = (event: never) => void;

/** One socket, seen from the region. */
export class FakeSocket implements SocketLike {
  readonly url: string;
  readonly said: SaidFrame[] = [];
  left = false;
  /** Pings are not answered. */
  isMute = false;
  #listeners = new Map<string, Listener>();

  constructor(url: string) {
    this.url = url;
  }
  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, listener);
  }
  send(text: string): void {
    const frame = JSON.parse(text) as SaidFrame;
    this.said.push(frame);
    if (frame.type === "ping" && !this.isMute) queueMicrotask(() => this.say({ type: "pong", at: "" }));
  }
  close(): void {
    this.left = true;
  }
  #tell(type: string, event: object): void {
    (this.#listeners.get(type) as ((event: object) => void) | undefined)?.(event);
  }

  open(): void {
    this.#tell("open", {});
  }
  say(frame: HeardFrame | Readonly<Record<string, unknown>>): void {
    this.#tell("message", { data: JSON.stringify(frame) });
  }
  end(code: number, reason = ""): void {
    this.#tell("close", { code, reason });
  }
  goodbye(code: number, afterMs = 0, regions: readonly object[] = []): void {
    this.say({ type: "goodbye", code, reason: `because ${code}`, reconnect: code < 4400, afterMs, regions });
    this.end(code);
  }
  ofType<Type extends SaidFrame["type"]>(type: Type): readonly Extract<SaidFrame, { readonly type: Type }>[] {
    return this.said.filter((frame) => frame.type === type) as never;
  }
  /** Names of commands that have come, in order. */
  commands(): readonly string[] {
    return this.ofType("command").map(({ command }) => command.id);
  }
  /** Answers the command with this id as often as it has come. */
  answer(id: string, result: object = {}): void {
    for (const frame of this.ofType("command")) if (frame.command.id === id) this.say({ type: "reply", id: frame.id, ok: true, result });
  }
  refuse(id: string, code: string, retryable = false, retryAfterMs?: number): void {
    const frame = this.ofType("command").findLast(({ command }) => command.id === id);
    this.say({
      type: "reply",
      id: frame?.id,
      ok: false,
      error: { code, message: code, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
    });
  }
}

export class FakeWorld {
  readonly sockets: FakeSocket[] = [];
  readonly calls: { readonly method: string; readonly url: string; readonly body: unknown }[] = [];
  /** What HTTP answers: [status, body]; undefined: nobody there. */
  answer: (method: string, url: string) => readonly [number, unknown] | undefined = () => undefined;
  nowMs = Date.UTC(2026, 0, 5, 10);
  chance = 0.5;
  #due: Due[] = [];
  #ids = 0;

  get surroundings(): Surroundings {
    const { sockets } = this;
    const fetch: Fetch = async (url, { method, body }) => {
      this.calls.push({ method, url, body: body === undefined ? undefined : JSON.parse(body) });
      const answer = this.answer(method, url);
      if (answer === undefined) throw new TypeError("fetch failed");
      return { status: answer[0], json: async () => answer[1] };
    };
    return {
      WebSocket: class extends FakeSocket {
        constructor(url: string) {
          super(url);
          sockets.push(this);
        }
      },
      fetch,
      timers: this.#timers(),
      now: () => this.nowMs,
      chance: () => this.chance,
      newId: () => `c${++this.#ids}`,
    };
  }

  get last(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("nobody has connected");
    return socket;
  }
  /** Where each socket led. */
  places(): readonly string[] {
    return this.sockets.map(({ url }) => url.replace(/^ws:\/\/|\.test\/v1\/connect$/g, ""));
  }

  /** Everything that has begun has gone as far as it goes without time passing. */
  async settle(): Promise<void> {
    for (let i = 0; i < 3; i += 1) await turn();
  }
  async pass(ms: number): Promise<void> {
    await this.settle();
    const untilMs = this.nowMs + ms;
    for (;;) {
      const next = this.#due.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#due = this.#due.filter((one) => one !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
      await this.settle();
    }
    this.nowMs = untilMs;
  }
  /** The next socket is opened and taken in. */
  async welcome(region: string, more: object = {}): Promise<FakeSocket> {
    await this.settle();
    const socket = this.last;
    socket.open();
    const [hello] = socket.ofType("hello");
    socket.say({
      ...{ type: "welcome", connection: "1", region, user: "ana", protocol: 1, cursor: hello?.cursor ?? "now", limits: {} },
      ...{ sync: { region, state: "live", at: "", peers: [], converged: null }, regions: RANKED, ...more },
    });
    return socket;
  }

  #timers(): Timers {
    const after = (delayMs: number, run: () => void): Timer => {
      const due = { atMs: this.nowMs + delayMs, run };
      this.#due.push(due);
      return { cancel: () => void (this.#due = this.#due.filter((one) => one !== due)) };
    };
    return { after, every: () => ({ cancel: () => {} }), monotonicMs: () => this.nowMs };
  }
}

export const RANKED = ["us", "eu", "ap"].map((name) => ({ name, url: `http://${name}.test`, state: "live", why: "near" }));

/** A JWT as far as a client reads it. */
export const jwt = (claims: object): string => `e30.${btoa(JSON.stringify(claims)).replaceAll("=", "")}.x`;
