/** Who types where: heard by those who follow the channel, here and in the other regions; lost without harm. */
import type { GatewayParts } from "./parts.ts";
import type { Recipient } from "./recipient.ts";
import type { Routing } from "./routing.ts";
import { wireFrame } from "./wire-frame.ts";

/** A sign of typing is shown this long, and passed on once in the second time. */
const SHOWN_MS = 5_000;
const REPEAT_MS = 1_000;
const REMEMBERED = 10_000;

export class Typing {
  readonly #parts: GatewayParts;
  readonly #routing: Routing;
  readonly #lastMs = new Map<string, number>();
  readonly end: () => void;

  constructor(parts: GatewayParts, routing: Routing) {
    this.#parts = parts;
    this.#routing = routing;
    this.end = parts.tell?.onTyping((channel, user) => this.#show(channel, user)) ?? (() => {});
  }

  /** `channel` is an identity the connection's user may see. */
  type({ user }: Recipient, channel: string): void {
    const key = `${user} ${channel}`;
    const nowMs = this.#parts.timers.monotonicMs();
    if (nowMs - (this.#lastMs.get(key) ?? Number.NEGATIVE_INFINITY) < REPEAT_MS) return;
    if (this.#lastMs.size >= REMEMBERED) this.#lastMs.clear();
    this.#lastMs.set(key, nowMs);
    this.#show(channel, user);
    this.#parts.tell?.send(channel, user);
  }

  #show(channel: string, user: string): void {
    const followers = this.#routing.followers(channel);
    if (followers.size === 0 || !this.#parts.reader.isMember(user, channel)) return;
    const until = new Date(this.#parts.now() + SHOWN_MS).toISOString();
    const frame = wireFrame(JSON.stringify({ type: "typing", channel: this.#parts.reader.shownChannel(channel), user, until }), true);
    for (const connection of followers) if (connection.user !== user) connection.outbox.push(frame);
  }
}
