/**
 * From what this region applies to the connections it concerns (M6): the event's JSON, cursor and frame are made once and shared; each
 * connection costs a look at where it stands and a reference in its queue.
 *
 * A membership that ends takes effect here, before any later event (C11).
 */
import { Refusal } from "../core/errors.ts";
import type { Told, ToldConflict } from "../core/ports/feed.ts";
import type { Reader } from "../core/ports/reader.ts";
import type { Position, Vector } from "../core/position.ts";
import { joinVectors } from "../core/position.ts";
import { stampTimeMs } from "../core/stamp.ts";
import { encodeCursor, plainCursor } from "./cursor.ts";
import type { Metrics } from "./metrics.ts";
import { frameErrorOf } from "./problem.ts";
import type { Recipient } from "./recipient.ts";
import type { Routing } from "./routing.ts";
import { SharedFrames } from "./shared-frames.ts";
import type { Stream } from "./standing.ts";
import { wireFrame } from "./wire-frame.ts";

export interface FanOutParts {
  readonly reader: Reader;
  readonly routing: Routing;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Cursors name it. */
  readonly mesh?: string | undefined;
  /** An event has happened in a channel that is followed here. */
  readonly happened: (channel: string, told: Told) => void;
}

export class FanOut {
  readonly #parts: FanOutParts;
  #told: Vector;

  constructor(parts: FanOutParts) {
    this.#parts = parts;
    this.#told = parts.reader.applied();
  }

  /** What all live streams have been given. */
  get told(): Vector {
    return this.#told;
  }

  hear(told: Told): void {
    this.#told = joinVectors(this.#told, told.after);
    this.#memberships(told);
    if (!told.silent) this.#deliver(told);
    for (const { channel, user } of told.turned) this.#turn(user, channel);
    for (const changed of told.conflicts) this.#conflict(changed);
  }

  /** No event brings it: who is no member any more hears nothing more of the channel from here on, and that it ended. */
  #turn(user: string, channel: string): void {
    const { reader, routing } = this.#parts;
    const isMember = reader.isMember(user, channel);
    routing.membership(user, channel, isMember);
    if (!isMember) for (const connection of routing.ofUser(user)) this.#expel(connection, channel);
  }

  #memberships({ channel, users, placed }: Told): void {
    const { reader, routing } = this.#parts;
    if (channel === null) return;
    for (const user of users) {
      const isMember = reader.isMember(user, channel);
      routing.membership(user, channel, isMember);
      if (!isMember) for (const connection of routing.ofUser(user)) this.#expel(connection, channel, placed.position);
    }
  }

  /**
   * Who came from a region that had told them of their removal before this one knew is not told it again; that the channel ends they must hear, as
   * must those of whose removal no event tells (`removal` is absent).
   */
  #expel(connection: Recipient, channel: string, removal?: Position): void {
    const stream = connection.standing.stream(channel);
    if (stream === undefined) return;
    connection.unfollow(channel);
    if (removal === undefined || !connection.standing.isNews(connection.standing.own, removal))
      connection.send({
        type: "error",
        channel: stream.shown,
        ...frameErrorOf(new Refusal("not-found", "You are no member of this channel any more.")),
      });
  }

  #deliver(told: Told): void {
    const { routing, metrics, now, mesh, happened } = this.#parts;
    const { channel, users, privately, placed } = told;
    let frames: SharedFrames | undefined;
    let plain: string | undefined;
    let deliveries = 0;
    const give = (connection: Recipient, stream: Stream | undefined): void => {
      if (stream === undefined || !connection.standing.isNews(stream, placed.position)) return;
      const isPlain = connection.standing.isPlain(this.#told);
      if (isPlain) plain ??= encodeCursor(plainCursor(this.#told), mesh);
      frames ??= new SharedFrames(told.wire);
      connection.outbox.push(frames.at((isPlain ? plain : undefined) ?? connection.standing.cursor(this.#told)));
      stream.given = this.#told;
      deliveries += 1;
    };
    for (const user of users) for (const connection of routing.ofUser(user)) give(connection, connection.standing.own);
    if (!privately && channel !== null) {
      for (const connection of routing.followers(channel))
        if (users.length === 0 || !users.includes(connection.user)) give(connection, connection.standing.stream(channel));
      if (routing.followers(channel).size > 0) happened(channel, told);
    }
    if (deliveries === 0) return;
    metrics.deliveries.inc(deliveries);
    metrics.deliverySeconds.observe({ origin: placed.position.origin }, Math.max(0, now() - stampTimeMs(placed.event.stamp)) / 1000);
  }

  #conflict({ conflict, channel, losers, about }: ToldConflict): void {
    const { routing } = this.#parts;
    const frame = wireFrame(JSON.stringify({ type: "conflict", conflict }), true);
    for (const connection of routing.followers(channel)) {
      const stream = connection.standing.stream(channel);
      if (stream?.state === "catching") {
        stream.changed ??= new Map();
        stream.changed.set(conflict.id, conflict);
      } else if (stream !== undefined) connection.outbox.push(frame);
    }
    // They may have become a member by it, of a channel that they could not follow before.
    if (about !== undefined && this.#parts.reader.isMember(about, channel))
      for (const connection of routing.ofUser(about)) if (connection.standing.stream(channel) === undefined) connection.outbox.push(frame);
    if (conflict.state === "open")
      for (const user of losers) for (const connection of routing.ofUser(user)) connection.superseded(conflict);
  }
}
