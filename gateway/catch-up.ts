/**
 * What a client missed, given before what happens now (law L4, hard part H2). The reader holds everything up to this moment, so nothing is
 * queued meanwhile: pages are read until one reaches the present, and in that same turn of the event loop the stream becomes live. A client
 * that reads slowly is read for slowly; one that reads at all gets there.
 */
import type { Conflict, WireEvent } from "../core/objects.ts";
import type { Missed, Reader } from "../core/ports/reader.ts";
import type { Timers } from "../core/ports/time.ts";
import type { Vector } from "../core/position.ts";
import { covers, coversAll, joinVectors, parsePosition } from "../core/position.ts";
import { OWN } from "./cursor.ts";
import { ownerOf } from "./own-events.ts";
import type { Recipient } from "./recipient.ts";
import type { Stream } from "./standing.ts";
import { wireFrame } from "./wire-frame.ts";

export interface CatchUpParts {
  readonly reader: Reader;
  readonly timers: Timers;
  /** Events read at once at most; the first page is smaller. */
  readonly pageEvents: number;
  /** What all live streams have been given. */
  readonly told: () => Vector;
}

/** Characters of events in one frame, and aimed at in one page. */
const FRAME_CHARS = 65_536;
const FIRST_PAGE_EVENTS = 50;
const LEAST_PAGE_EVENTS = 8;
/** The reader is behind the feed: look again after this. */
const BEHIND_MS = 5;

export function catchUp(parts: CatchUpParts, connection: Recipient, stream: Stream): void {
  const touched = new Map<string, Conflict>();
  let limit = Math.min(FIRST_PAGE_EVENTS, parts.pageEvents);
  const step = (): void => {
    if (stream.state !== "catching" || !connection.isOpen()) return;
    const goal = joinVectors(parts.reader.applied(), parts.told());
    const before = stream.at;
    const page = readPage(parts, connection, stream, goal, limit);
    const chars = givePage(parts, connection, stream, page);
    limit = chars > FRAME_CHARS ? Math.max(LEAST_PAGE_EVENTS, limit >> 1) : Math.min(parts.pageEvents, limit * 2);
    if (stream.channel !== OWN) for (const conflict of parts.reader.conflictsTouched(page.items)) touched.set(conflict.id, conflict);
    const isWhole = coversAll(stream.at, goal);
    if (isWhole && giveConflicts(connection, touched)) finish(parts, connection, stream);
    else if (isWhole) connection.outbox.whenRoom(step);
    else if (page.items.length === 0 && coversAll(before, stream.at)) parts.timers.after(BEHIND_MS, step);
    else connection.outbox.whenRoom(step);
  };
  step();
}

function readPage({ reader }: CatchUpParts, connection: Recipient, { channel, at }: Stream, to: Vector, limit: number): Missed {
  const own = channel === OWN;
  return reader.missed(connection.user, { channels: own ? [] : [channel], own, from: at, to, limit });
}

/** Sends a page and moves the stream along with it; returns how many characters of events that were. */
function givePage({ told }: CatchUpParts, connection: Recipient, stream: Stream, page: Missed): number {
  if (page.gaps.length > 0) connection.send({ type: "gap", gaps: page.gaps });
  let items: string[] = [];
  let chars = 0;
  let allChars = 0;
  const give = (): void => {
    if (items.length === 0) return;
    const events = items.length === 1 ? `{"type":"event","event":${items[0]}` : `{"type":"events","items":[${items.join(",")}]`;
    connection.outbox.push(wireFrame(`${events},"cursor":"${connection.standing.cursor(told())}"}`));
    connection.delivered(items.length);
    items = [];
    chars = 0;
  };
  for (const event of page.items) {
    if (isForStream(connection, stream, event)) {
      const json = JSON.stringify(event);
      if (chars + json.length > FRAME_CHARS) give();
      items.push(json);
      chars += json.length;
      allChars += json.length;
    }
    stream.at = withPosition(stream.at, event);
  }
  // What the last frame of a page says is known to be whole, past events of other channels too.
  stream.at = joinVectors(stream.at, page.cursor);
  give();
  return allChars;
}

/** Events of the user's own stream come by that stream, unless they lie before it began on this connection and the client lacks them. */
function isForStream({ user, standing }: Recipient, stream: Stream, event: WireEvent): boolean {
  if (stream.channel === OWN || ownerOf(event) !== user) return true;
  const position = parsePosition(event.position);
  if (position === undefined) return true;
  const hadBefore = covers(stream.ownBegan, position.origin, position);
  const comesByOwnStream = !covers(standing.own.ownBegan, position.origin, position);
  return !hadBefore && !comesByOwnStream;
}

function withPosition(vector: Vector, event: WireEvent): Vector {
  const position = parsePosition(event.position);
  if (position === undefined) return vector;
  const { origin, ...point } = position;
  return joinVectors(vector, { [origin]: point });
}

/** As many as go into one page, each in the state that was found last; whether none is left. What comes meanwhile is read before the next. */
function giveConflicts(connection: Recipient, touched: Map<string, Conflict>): boolean {
  let chars = 0;
  for (const [id, conflict] of touched) {
    if (chars > FRAME_CHARS) return false;
    touched.delete(id);
    const frame = JSON.stringify({ type: "conflict", conflict });
    connection.outbox.push(wireFrame(frame));
    chars += frame.length;
  }
  return true;
}

function finish({ told }: CatchUpParts, connection: Recipient, stream: Stream): void {
  for (const conflict of stream.changed?.values() ?? []) connection.send({ type: "conflict", conflict });
  stream.changed = undefined;
  connection.standing.settle(stream, told());
  if (stream.channel !== OWN) connection.send({ type: "caught-up", channel: stream.shown, cursor: connection.standing.cursor(told()) });
}
