/**
 * The channels that are followed, and from where (law L4, hard part H3). A cursor speaks for the channels that were followed when it came; any other
 * keeps one of its own until a later cursor speaks for it too. Resumed like this, in any region, nothing is missed.
 */

import type { WireEvent } from "../../core/objects.ts";
import type { Timer } from "../../core/ports/time.ts";
import { FOLLOW_AGAIN, pauseMs } from "./back-off.ts";
import { AtollError, refusalFrom } from "./errors.ts";
import type { HeardFrame, Reply, SaidFrame } from "./frames.ts";
import { identityOf } from "./names.ts";
import type { Surroundings } from "./surroundings.ts";

interface Followed {
  /** As it was named first: its alias or shown id; the shown id once a region has said it. */
  name: string;
  /** Of its own; undefined: the one of the whole connection speaks for it. */
  cursor: string | undefined;
  /** `away`: this region does not let us follow it, yet or any more. */
  state: "asked" | "answered" | "followed" | "away";
  caughtUp: boolean;
  refusals: number;
  again: Timer | undefined;
  done: { resolve(shown: string): void; reject(why: AtollError): void } | undefined;
}

export interface FollowsParts {
  readonly surroundings: Pick<Surroundings, "timers" | "chance">;
  /** Sends a frame with a fresh id; undefined: the line broke first. Not called while there is no line. */
  readonly ask: (frame: (id: string) => SaidFrame, answered: (reply: Reply | undefined) => void) => void;
  readonly isOnline: () => boolean;
  readonly user: () => string | undefined;
}

/** Ids beside a long cursor must fit one frame; the rest is subscribed one by one. */
const NAMED_IN_HELLO = 400;

export class Follows {
  readonly #parts: FollowsParts;
  #followed: Followed[] = [];
  #cursor: string | undefined;

  constructor(parts: FollowsParts, cursor: string | undefined) {
    this.#parts = parts;
    this.#cursor = cursor;
  }

  get cursor(): string | undefined {
    return this.#cursor;
  }
  isCaughtUp(channel: string): boolean {
    return this.#find(channel)?.caughtUp === true;
  }

  /** Resolves with the channel's shown id once a region has answered. Rejects with what the region refused at first; then it is not followed. */
  follow(channel: string, cursor?: string): Promise<string> {
    const known = this.#find(channel);
    if (known !== undefined) this.unfollow(channel);
    return new Promise((resolve, reject) => {
      const one: Followed = {
        ...{ name: channel, cursor: cursor ?? this.#cursor, state: "away", caughtUp: false, refusals: 0, again: undefined },
        done: { resolve, reject },
      };
      this.#followed.push(one);
      this.#subscribe(one);
    });
  }

  unfollow(channel: string): void {
    const one = this.#find(channel);
    if (one === undefined) return;
    this.#forget(one);
    if (this.#parts.isOnline() && one.state !== "away")
      this.#parts.ask(
        (id) => ({ type: "unsubscribe", id, channel: one.name }),
        () => {},
      );
    one.done?.reject(new AtollError("closed", `The channel ${channel} is not followed any more.`));
  }

  /** What hello names: those that the cursor speaks for. */
  hello(): { readonly channels: readonly string[]; readonly cursor?: string } {
    const named = this.#followed.filter(({ cursor, done }) => cursor === undefined && done === undefined).slice(0, NAMED_IN_HELLO);
    for (const one of this.#followed) {
      one.caughtUp = false;
      one.state = named.includes(one) ? "followed" : "away";
      if (!named.includes(one)) one.cursor ??= this.#cursor;
    }
    return { channels: named.map(({ name }) => name), ...(this.#cursor === undefined ? {} : { cursor: this.#cursor }) };
  }

  /** Where the region has us begin: hello's own cursor, else now. */
  begin(cursor: string): void {
    this.#cursor ??= cursor;
  }

  welcomed(): void {
    for (const one of this.#followed) if (one.state === "away") this.#subscribe(one);
  }

  broken(): void {
    for (const one of this.#followed) {
      one.again?.cancel();
      one.caughtUp = false;
    }
  }

  hear(frame: HeardFrame): void {
    if (frame.type === "error" && frame.channel !== undefined) this.#away(frame.channel, refusalFrom(frame));
    if (frame.type === "caught-up") {
      const one = this.#find(frame.channel);
      if (one !== undefined) one.caughtUp = true;
    }
    if ("cursor" in frame) this.#save(frame.cursor);
  }

  /** Whoever is removed is not given the channel any more; whoever is a member again asks for it at once. */
  membership({ kind, channel, data }: WireEvent): void {
    const one = channel === null || data["user"] !== this.#parts.user() ? undefined : this.#find(channel);
    if (one === undefined) return;
    if (kind === "member.removed" && one.caughtUp) this.#putAway(one);
    if (kind === "member.set" && one.state === "away") this.#subscribe(one);
  }

  /** Nobody waits any more. */
  close(why: AtollError): void {
    for (const one of this.#followed) {
      one.again?.cancel();
      one.done?.reject(why);
    }
    this.#followed = [];
  }

  #find(channel: string): Followed | undefined {
    const identity = identityOf(channel);
    return this.#followed.find(({ name }) => identityOf(name) === identity);
  }

  #save(cursor: string): void {
    this.#cursor = cursor;
    for (const one of this.#followed) {
      if (one.state === "answered") one.state = "followed";
      if (one.state === "followed") one.cursor = undefined;
    }
  }

  #subscribe(one: Followed): void {
    one.again?.cancel();
    if (!this.#parts.isOnline()) return;
    one.state = "asked";
    const cursor = one.cursor ?? this.#cursor;
    this.#parts.ask(
      (id) => ({ type: "subscribe", id, channel: one.name, ...(cursor === undefined ? {} : { cursor }) }),
      (reply) => this.#answered(one, reply),
    );
  }

  #answered(one: Followed, reply: Reply | undefined): void {
    if (reply === undefined || !this.#followed.includes(one) || one.state !== "asked") return;
    if (reply.ok) {
      const { channel } = reply.result as { readonly channel: string };
      one.name = channel;
      one.state = "answered";
      one.refusals = 0;
      one.done?.resolve(channel);
      one.done = undefined;
    } else if (one.done !== undefined && !reply.error.retryable) {
      this.#forget(one);
      one.done.reject(refusalFrom(reply.error));
    } else {
      one.state = "away";
      this.#later(one);
    }
  }

  #away(channel: string, why: AtollError): void {
    const one = this.#find(channel);
    if (one === undefined) return;
    this.#putAway(one);
    one.done?.reject(why);
  }

  #putAway(one: Followed): void {
    one.cursor ??= this.#cursor;
    one.state = "away";
    one.caughtUp = false;
    this.#later(one);
  }

  /** The region may not know yet that we are a member: the news may be on its way, or held up by a cut. */
  #later(one: Followed): void {
    const { timers, chance } = this.#parts.surroundings;
    one.again?.cancel();
    one.again = timers.after(FOLLOW_AGAIN.baseMs / 2 + pauseMs(FOLLOW_AGAIN, one.refusals, chance()), () => this.#subscribe(one));
    one.refusals += 1;
  }

  #forget(one: Followed): void {
    one.again?.cancel();
    this.#followed = this.#followed.filter((other) => other !== one);
  }
}
