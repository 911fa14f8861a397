/**
 * Keeps one line open, to whichever region takes us. When it ends the close code says whether to come back, and where (after-close.ts); pauses grow from
 * round to round of all regions, with full jitter, and begin anew once a line has held for a while.
 */
import type { Timer } from "../../core/ports/time.ts";
import type { LineEnd } from "./after-close.ts";
import { afterClose } from "./after-close.ts";
import { pauseMs, RECONNECT } from "./back-off.ts";
import { AtollError, refusalFrom } from "./errors.ts";
import type { HeardFrame, HeardOf, Hello, Reply, SaidFrame } from "./frames.ts";
import { Line } from "./line.ts";
import type { RegionList } from "./region-list.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Tokens } from "./tokens.ts";

export type ConnectionState =
  | { readonly is: "connecting"; readonly url: string }
  | { readonly is: "online"; readonly region: string; readonly user: string }
  /** The next try comes by itself. */
  | { readonly is: "waiting"; readonly forMs: number; readonly why: AtollError }
  /** For good: by the program, or because a region will not have us. */
  | { readonly is: "closed"; readonly why: AtollError };

export interface ConnectionParts {
  readonly surroundings: Surroundings;
  readonly regions: RegionList;
  readonly tokens: Tokens;
  /** A token has been given: before anything is said with it. */
  readonly onToken: () => void;
  readonly hello: () => Omit<Hello, "type" | "protocol" | "token">;
  readonly onState: (state: ConnectionState) => void;
  /** Before anything else is heard on the line. */
  readonly onWelcome: (welcome: HeardOf<"welcome">) => void;
  readonly onFrame: (frame: HeardFrame) => void;
  readonly onBroken: () => void;
  readonly onError: (error: AtollError) => void;
}

/** A line that held so long was no accident. */
const STEADY_MS = 5_000;
const RENEW_AGAIN_MS = 5_000;

export class Connection {
  readonly #parts: ConnectionParts;
  #state: ConnectionState;
  #line: Line | undefined;
  #timer: Timer | undefined;
  #renewal: Timer | undefined;
  #steady: Timer | undefined;
  readonly #asks = new Map<string, (reply: Reply | undefined) => void>();
  #frames = 0;
  /** A try that began before this one is of no interest any more. */
  #tries = 0;
  /** The last token was refused; a second refusal is the end. */
  #tokenRefused = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#state = { is: "connecting", url: parts.regions.current.url };
  }

  get state(): ConnectionState {
    return this.#state;
  }
  get isOnline(): boolean {
    return this.#line?.isWelcome === true;
  }

  /** Now: what it was waiting for is not waited for. */
  open(): void {
    if (this.#state.is === "closed") return;
    this.#leave();
    void this.#open(++this.#tries);
  }

  close(why: AtollError): void {
    if (this.#state.is === "closed") return;
    this.#tries += 1;
    this.#leave();
    this.#become({ is: "closed", why });
  }

  say(frame: SaidFrame): void {
    this.#line?.say(frame);
  }

  /** A frame with an id of its own. `answered` is called once: with undefined when the line broke first. */
  ask(frame: (id: string) => SaidFrame, answered: (reply: Reply | undefined) => void): void {
    if (!this.isOnline) {
      answered(undefined);
      return;
    }
    this.#frames += 1;
    const id = String(this.#frames);
    this.#asks.set(id, answered);
    this.#line?.say(frame(id));
  }

  /** Gives this line up, and goes on to the next region. */
  moveOn(reason: string): void {
    if (!this.isOnline) return;
    this.#leave();
    this.#parts.regions.next();
    this.#wait(0, new AtollError("unavailable", `We left the region: ${reason}.`));
  }

  async #open(mine: number): Promise<void> {
    const { surroundings, regions, tokens, hello, onToken } = this.#parts;
    const { url } = regions.current;
    this.#become({ is: "connecting", url });
    try {
      const token = await tokens.fresh();
      if (mine !== this.#tries) return;
      onToken();
      this.#line = new Line({
        surroundings,
        url,
        hello: { type: "hello", protocol: 1, token, ...hello() },
        onWelcome: (welcome) => this.#welcomed(welcome),
        onFrame: (frame) => this.#hear(frame),
        onEnd: (end) => this.#ended(end),
      });
    } catch (thrown) {
      if (mine !== this.#tries) return;
      const why = thrown instanceof AtollError ? thrown : new AtollError("unreachable", "No connection could be begun.", { cause: thrown });
      this.#parts.onError(why);
      regions.next();
      this.#wait(0, why);
    }
  }

  #welcomed(welcome: HeardOf<"welcome">): void {
    const { regions, surroundings, onWelcome } = this.#parts;
    regions.rank(welcome.regions, welcome.region);
    this.#tokenRefused = false;
    this.#steady = surroundings.timers.after(STEADY_MS, () => regions.settled());
    this.#renewLater(this.#parts.tokens.renewInMs());
    this.#become({ is: "online", region: welcome.region, user: welcome.user });
    onWelcome(welcome);
  }

  #hear(frame: HeardFrame): void {
    if (frame.type === "goodbye") this.#parts.regions.rank(frame.regions);
    if (frame.type !== "reply") {
      this.#parts.onFrame(frame);
      return;
    }
    const answered = this.#asks.get(String(frame.id));
    this.#asks.delete(String(frame.id));
    answered?.(frame);
  }

  #ended(end: LineEnd): void {
    this.#leave();
    const { regions, onError } = this.#parts;
    const next = afterClose(end);
    if (next.kind === "stop" || (next.kind === "token" && this.#tokenRefused)) {
      onError(next.why);
      this.close(next.why);
      return;
    }
    if (next.kind === "token") this.#tokenRefused = true;
    else if (next.where === "next") regions.next();
    this.#wait(next.kind === "again" ? next.afterMs : 0, next.why, end.goodbye !== undefined);
  }

  /** `spread`: the region has spread its clients already; the first time nothing is added. */
  #wait(afterMs: number, why: AtollError, spread = false): void {
    const { surroundings, regions } = this.#parts;
    const ownMs = spread && regions.rounds === 0 ? 0 : pauseMs(RECONNECT, regions.rounds, surroundings.chance());
    const forMs = Math.max(afterMs, ownMs);
    this.#become({ is: "waiting", forMs, why });
    if (this.#state.is === "waiting") this.#timer = surroundings.timers.after(forMs, () => this.open());
  }

  #renewLater(afterMs: number | undefined): void {
    if (afterMs !== undefined) this.#renewal = this.#parts.surroundings.timers.after(afterMs, () => void this.#renew(this.#line));
  }

  async #renew(line: Line | undefined): Promise<void> {
    const { tokens, onError } = this.#parts;
    const again = (why: AtollError): void => {
      onError(why);
      if (line === this.#line) this.#renewLater(RENEW_AGAIN_MS);
    };
    try {
      const token = await tokens.fresh();
      if (line !== this.#line) return;
      this.ask(
        (id) => ({ type: "token", id, token }),
        (reply) => {
          if (reply?.ok === true) this.#renewLater(tokens.renewInMs());
          else if (reply !== undefined) again(refusalFrom(reply.error));
        },
      );
    } catch (thrown) {
      again(thrown as AtollError);
    }
  }

  #leave(): void {
    const line = this.#line;
    this.#line = undefined;
    for (const timer of [this.#timer, this.#renewal, this.#steady]) timer?.cancel();
    line?.leave();
    const asks = [...this.#asks.values()];
    this.#asks.clear();
    for (const answered of asks) answered(undefined);
    if (line !== undefined) this.#parts.onBroken();
  }

  #become(state: ConnectionState): void {
    this.#state = state;
    this.#parts.onState(state);
  }
}
