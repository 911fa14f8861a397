/**
 * One socket to one region, from hello to its end. It ends by itself when the region does not say welcome in time or falls silent: a browser's socket
 * into a black hole would say so only after minutes.
 */
import type { Timer } from "../../core/ports/time.ts";
import type { LineEnd } from "./after-close.ts";
import type { Goodbye, HeardFrame, HeardOf, SaidFrame } from "./frames.ts";
import { readFrame } from "./frames.ts";
import type { SocketLike, Surroundings } from "./surroundings.ts";

const SUBPROTOCOL = "atoll.v1";
/** From the first try to the welcome. */
const WELCOME_MS = 10_000;
/** After so long without a word the region is asked for one, and has as long to say it. */
const QUIET_MS = 15_000;
const NOTHING_SAID = 1006;

export interface LineParts {
  readonly surroundings: Pick<Surroundings, "WebSocket" | "timers">;
  /** Of the region: "https://us.example.com". */
  readonly url: string;
  readonly hello: SaidFrame;
  readonly onWelcome: (welcome: HeardOf<"welcome">) => void;
  readonly onFrame: (frame: HeardFrame) => void;
  /** Once, unless `leave` was called. */
  readonly onEnd: (end: LineEnd) => void;
}

export class Line {
  readonly #parts: LineParts;
  readonly #socket: SocketLike;
  #timer: Timer;
  #welcomed = false;
  #goodbye: Goodbye | undefined;
  #ended = false;
  #asked = false;

  constructor(parts: LineParts) {
    this.#parts = parts;
    const { WebSocket, timers } = parts.surroundings;
    this.#timer = timers.after(WELCOME_MS, () => this.breakOff("no welcome in time"));
    this.#socket = new WebSocket(`${parts.url.replace(/^http/, "ws")}/v1/connect`, SUBPROTOCOL);
    this.#socket.addEventListener("open", () => this.say(parts.hello));
    this.#socket.addEventListener("message", ({ data }) => this.#hear(data));
    this.#socket.addEventListener("error", () => {}); // "close" follows
    this.#socket.addEventListener("close", ({ code, reason }) => this.#end(code, reason));
  }

  get isWelcome(): boolean {
    return this.#welcomed && !this.#ended;
  }

  say(frame: SaidFrame): void {
    if (!this.#ended) this.#socket.send(JSON.stringify(frame));
  }

  /** As if it had broken. */
  breakOff(reason: string): void {
    this.#end(NOTHING_SAID, reason);
    this.#shut();
  }

  /** By our own will: nobody is told. */
  leave(): void {
    this.#ended = true;
    this.#timer.cancel();
    this.#shut();
  }

  #shut(): void {
    try {
      this.#socket.close(1000);
    } catch {
      // Some throw where the socket was not open yet; it is let go of either way.
    }
  }

  #hear(data: unknown): void {
    if (this.#ended) return;
    const frame = readFrame(data);
    if (frame === undefined) return;
    if (frame.type === "goodbye") this.#goodbye = frame;
    if (frame.type === "welcome") this.#welcomed = true;
    if (this.#welcomed) this.#listen();
    if (frame.type === "welcome") this.#parts.onWelcome(frame);
    else this.#parts.onFrame(frame);
  }

  #listen(): void {
    this.#asked = false;
    this.#timer.cancel();
    this.#timer = this.#parts.surroundings.timers.after(QUIET_MS, () => this.#ask());
  }

  #ask(): void {
    if (this.#asked) {
      this.breakOff("the region is silent");
      return;
    }
    this.#asked = true;
    this.#timer = this.#parts.surroundings.timers.after(QUIET_MS, () => this.#ask());
    this.say({ type: "ping" });
  }

  #end(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer.cancel();
    this.#parts.onEnd({ code: this.#goodbye?.code ?? code, reason, goodbye: this.#goodbye, welcomed: this.#welcomed });
  }
}
