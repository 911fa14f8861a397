/**
 * What a client missed: range reads per channel and origin, merged (H2). Per origin its log's order stands; between origins the smaller
 * stamp goes first, so that an edit mostly follows its message. An event that concerns the asker and stands in two streams is given once.
 */
import type { Placed } from "../../core/event.ts";
import type { Gap } from "../../core/objects.ts";
import type { TableReader } from "../../core/ports/state-store.ts";
import type { Point, Vector } from "../../core/position.ts";
import { comparePoints, covers, formatPosition, joinVectors, pointKey, START, WHOLE } from "../../core/position.ts";
import { justAfter } from "./pages.ts";

export interface MissedAsk {
  /** Stream names in the table `events`: channels' identities, "@<user>". */
  readonly streams: readonly string[];
  readonly from: Vector;
  readonly to: Vector;
  readonly limit: number;
}
export interface MissedRows {
  readonly items: readonly Placed[];
  readonly cursor: Vector;
  readonly complete: boolean;
}

export function missedRows(tables: TableReader, { streams, from, to, limit }: MissedAsk): MissedRows {
  const origins = Object.keys(to).map((origin) =>
    merged(
      streams.map((stream) => streamRows(tables, stream, origin, from, to)),
      earlierPlace,
    ),
  );
  const all = merged(origins.map(withoutRepeats), earlierStamp);
  const items: Placed[] = [];
  const cursor: Record<string, Point> = { ...from };
  for (const placed of all) {
    if (items.length === limit) return { items, cursor, complete: false };
    items.push(placed);
    const { origin, epoch, sequence, place } = placed.position;
    cursor[origin] = { epoch, sequence, place };
  }
  return { items, cursor: joinVectors(from, to), complete: true };
}

function* streamRows(tables: TableReader, stream: string, origin: string, from: Vector, to: Vector): Generator<Placed> {
  const last = to[origin];
  if (last === undefined || covers(from, origin, last)) return;
  const prefix = `${stream}|${origin}|`;
  const after = justAfter(prefix + pointKey(from[origin] ?? START));
  for (const [, placed] of tables.range("events", { from: after, to: justAfter(prefix + pointKey(last)) })) yield placed;
}

const earlierPlace = (a: Placed, b: Placed): boolean => comparePoints(a.position, b.position) < 0;
const earlierStamp = (a: Placed, b: Placed): boolean => a.event.stamp < b.event.stamp;

/** One origin's events, each once. */
function* withoutRepeats(rows: Iterable<Placed>): Generator<Placed> {
  let last: Placed | undefined;
  for (const placed of rows) {
    if (last !== undefined && comparePoints(last.position, placed.position) === 0) continue;
    last = placed;
    yield placed;
  }
}

/** Sorted runs as one, lazily; each run keeps its own order whatever stands in the others. */
function* merged<T>(runs: readonly Iterable<T>[], before: (a: T, b: T) => boolean): Generator<T> {
  const tops: { readonly run: Iterator<T>; top: T }[] = [];
  try {
    for (const one of runs) {
      const run = one[Symbol.iterator]();
      const first = run.next();
      if (first.done !== true) tops.push({ run, top: first.value });
    }
    for (;;) {
      let least: (typeof tops)[number] | undefined;
      for (const candidate of tops) if (least === undefined || before(candidate.top, least.top)) least = candidate;
      if (least === undefined) return;
      yield least.top;
      const next = least.run.next();
      if (next.done === true) tops.splice(tops.indexOf(least), 1);
      else least.top = next.value;
    }
  } finally {
    for (const { run } of tops) run.return?.();
  }
}

/** The last sequence that is known of an epoch which has ended, or undefined while it goes on (L3). */
export type EpochEnd = (origin: string, epoch: number) => number | undefined;

/** A cursor that lies beyond the end of an ended epoch has seen what no region holds any more: that stretch is named (H3). */
export function gapsOf(channels: readonly string[], from: Vector, epochEnd: EpochEnd): readonly Gap[] {
  return Object.entries(from).flatMap(([origin, point]) => {
    const end = epochEnd(origin, point.epoch);
    if (end === undefined || point.sequence <= end) return [];
    const last = formatPosition({ origin, epoch: point.epoch, sequence: end, place: WHOLE });
    return channels.map((channel) => ({ channel, origin, from: last, to: formatPosition({ origin, ...point }) }));
  });
}
