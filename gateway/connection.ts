/** Somebody's connection: who it is, until when, which channels it follows, and how it begins and ends. */
import type { Actor } from "../core/command.ts";
import { Refusal } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Conflict } from "../core/objects.ts";
import type { Session } from "../core/ports/connection-registry.ts";
import { catchUp } from "./catch-up.ts";
import type { Context } from "./context.ts";
import type { ClientCursor } from "./cursor.ts";
import type { FrameQueue, Line } from "./line.ts";
import { asRefusal, frameErrorOf } from "./problem.ts";
import type { ServerFrame } from "./protocol/frames-out.ts";
import type { Recipient } from "./recipient.ts";
import type { Stream } from "./standing.ts";
import { Standing } from "./standing.ts";
import type { Identity } from "./tokens.ts";

export interface Beginning {
  readonly cursor: ClientCursor | undefined;
  /** The greatest stamp the client knew at hello: goes with its first command. */
  readonly seen: string | undefined;
  /** The client has not named its channels: hello's cursor is kept for those it will name in a moment. */
  readonly holds: boolean;
}

/** Remembered records that the loser has been told of on this connection. */
const TOLD_RECORDS = 1_000;
/** Each may hold a few texts of the longest. */
const LOSSES_AT_ONCE = 16;

export class Connection implements Recipient {
  readonly id: string;
  readonly line: Line;
  readonly outbox: FrameQueue;
  readonly standing: Standing;
  readonly #context: Context;
  #toldLosses: Set<string> | undefined;
  #identity: Identity;
  #isEnded = false;
  #session: Session | undefined;
  seen: string | undefined;

  constructor(context: Context, line: Line, identity: Identity, { cursor, seen, holds }: Beginning) {
    const { parts, limits, fanOut } = context;
    this.#context = context;
    this.id = parts.newId();
    this.line = line;
    this.outbox = line.outbox;
    this.#identity = identity;
    this.seen = seen;
    const holdUntilMs = holds ? parts.timers.monotonicMs() + limits.holdMs : undefined;
    this.standing = new Standing({ cursor, applied: fanOut.told, holdUntilMs, now: () => parts.timers.monotonicMs(), mesh: parts.mesh });
  }

  get actor(): Actor {
    return this.#identity.actor;
  }
  get user(): string {
    return this.#identity.actor.user;
  }

  isOpen(): boolean {
    return !this.#isEnded && this.line.isOpen();
  }

  send(frame: ServerFrame): void {
    this.line.send(frame);
  }

  /** Welcome, what the user lost and missed, and the channels that hello named. */
  begin(givenCursor: string | undefined, channels: readonly string[]): void {
    const { parts, fanOut, routing, limits } = this.#context;
    const { metrics, reader } = parts;
    routing.enter(this, (this.#context.members ?? reader).channelsOf(this.user));
    metrics.connections.inc();
    if (givenCursor !== undefined) metrics.reconnects.inc({ reason: "resumed" });
    this.line.onEnd = () => this.#end();
    this.send({
      type: "welcome",
      connection: this.id,
      region: parts.region,
      user: this.user,
      protocol: 1,
      cursor: givenCursor ?? this.standing.cursor(fanOut.told),
      sync: parts.sync.sync(),
      regions: this.line.ranked(),
      limits: {
        bodyBytes: LIMITS.bodyBytes,
        frameBytes: LIMITS.frameBytes,
        pageMax: LIMITS.pageMax,
        commandsPerSecond: limits.commandsPerSecond,
      },
    });
    this.announce("online");
    this.#tellLosses();
    // All streams are known before the first is read, so that no cursor speaks for a channel that has not been given yet (H3).
    const streams = channels.flatMap((channel) => this.#tryFollow(channel));
    if (givenCursor !== undefined) catchUp(this.#context.catchUp, this, this.standing.own);
    for (const stream of streams) catchUp(this.#context.catchUp, this, stream);
  }

  /** Says how the user is, to the region's board and to its registry. */
  announce(status: "online" | "away"): void {
    const { parts } = this.#context;
    parts.presence.announce(this.id, this.user, status);
    if (parts.registry === undefined || this.#session?.status === status) return;
    const { standing } = this;
    this.#session = {
      connection: this.id,
      user: this.user,
      status,
      sinceMs: parts.now(),
      get channels() {
        return standing.channels();
      },
    };
    parts.registry.put(this.#session);
  }

  #noteChannels(): void {
    if (this.#session !== undefined) this.#context.parts.registry?.put(this.#session);
  }

  /** The channel's stream; `begins`: it was not followed before, and is to be caught up with. */
  follow(channel: string, cursor?: ClientCursor): { readonly shown: string; readonly stream: Stream; readonly begins: boolean } {
    const { parts, routing } = this.#context;
    const identity = parts.reader.memberChannel(this.actor, channel);
    if (!parts.reader.isMember(this.user, identity)) throw new Refusal("not-found", "There is no such channel.");
    const shown = parts.reader.shownChannel(identity);
    const followed = this.standing.stream(identity);
    if (followed !== undefined) return { shown, stream: followed, begins: false };
    routing.follow(this, identity);
    const stream = this.standing.begin(identity, shown, cursor);
    this.#noteChannels();
    return { shown, stream, begins: true };
  }

  refollow(channel: string): void {
    const { routing, catchUp: parts } = this.#context;
    routing.follow(this, channel);
    const stream = this.standing.stream(channel);
    if (stream !== undefined && this.standing.rewind(stream)) catchUp(parts, this, stream);
  }

  unfollow(channel: string): void {
    this.#context.routing.unfollow(this, channel);
    this.standing.end(channel, this.#context.fanOut.told);
    this.#noteChannels();
  }

  superseded(conflict: Conflict): void {
    const told = `${conflict.id} ${conflict.losers.join()}`;
    if (this.#toldLosses?.has(told)) return;
    if (this.#toldLosses === undefined || this.#toldLosses.size >= TOLD_RECORDS) this.#toldLosses = new Set();
    this.#toldLosses.add(told);
    this.send({ type: "superseded", conflict });
  }

  /** What the user lost and has not seen, as fast as it is read: after years of disputes that is more than fits a queue. */
  #tellLosses(cursor?: string): void {
    if (!this.isOpen()) return;
    const ask = { limit: LOSSES_AT_ONCE, ...(cursor === undefined ? {} : { cursor }) };
    const { items, next } = this.#context.parts.reader.lostBy(this.user, ask);
    for (const conflict of items) this.superseded(conflict);
    if (next !== null) this.outbox.whenRoom(() => this.#tellLosses(next));
  }

  delivered(events: number): void {
    this.#context.parts.metrics.deliveries.inc(events);
  }

  /** A fresh token of the same user. */
  renew(identity: Identity): void {
    if (identity.actor.user !== this.user) throw new Refusal("forbidden", "The token is another user's.");
    this.#identity = identity;
  }

  /** A token ends when it ends: what is said after that is not heard. */
  checkToken(): void {
    if (this.#identity.expiresAtMs <= this.#context.parts.now()) this.line.goodbye("token", "the token has ended");
  }

  #tryFollow(channel: string): readonly Stream[] {
    try {
      const { stream, begins } = this.follow(channel);
      return begins ? [stream] : [];
    } catch (thrown) {
      const refusal = asRefusal(thrown, (error) => this.#context.parts.log.error({ err: error }, "hello's channel failed unexpectedly"));
      this.send({ type: "error", channel, ...frameErrorOf(refusal) });
      return [];
    }
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { parts, routing } = this.#context;
    routing.leave(this, this.standing.channels());
    parts.presence.leave(this.id);
    parts.registry?.remove(this.id);
    parts.metrics.connections.dec();
  }
}
