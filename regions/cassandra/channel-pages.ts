/** A page of a channel's messages across its buckets: newest first, without a gap, each message once, also where a day went on in finer buckets. */
import type { Identity } from "../../core/ids.ts";
import type { HistoryRange, Place, StoredMessage } from "../../core/ports/history-store.ts";
import { stampTimeMs } from "../../core/stamp.ts";
import type { BucketTree } from "./buckets.ts";
import { bucketAt, treesOf } from "./buckets.ts";
import type { ChannelBuckets } from "./channel-buckets.ts";
import { readMessage } from "./rows.ts";
import type { Session } from "./session.ts";

interface Found {
  readonly place: Place;
  /** Under its word; empty where the message stands elsewhere by now. */
  readonly state: string;
}
/** Rows in descending order, as they came: some at a time. */
type Rows = AsyncGenerator<readonly Found[]>;
interface Reading {
  readonly session: Session;
  readonly channel: Identity;
  readonly range: Required<HistoryRange>;
}

/** Bounds are named only where there are any: the newest page, which is asked for most, is a plain read of a partition's beginning. */
function selectOf(before: Place, after: Place): { readonly query: string; readonly bounds: readonly Place[] } {
  const below = before < TOP;
  const above = after !== "";
  const where = `${below ? " AND place < ?" : ""}${above ? " AND place > ?" : ""}`;
  return {
    query: `SELECT place, state FROM messages WHERE channel = ? AND bucket = ?${where} LIMIT ?`,
    bounds: [...(below ? [before] : []), ...(above ? [after] : [])],
  };
}
/** Beyond every place. */
const TOP = "\u{7f}";

export async function pageOf(
  { session, buckets }: { readonly session: Session; readonly buckets: ChannelBuckets },
  channel: Identity,
  { limit, before = TOP, after = "" }: HistoryRange,
): Promise<readonly StoredMessage[]> {
  const reading = { session, channel, range: { limit, before, after } };
  const messages: StoredMessage[] = [];
  for await (const page of buckets.listed(channel))
    for (const tree of treesOf(page.filter((bucket) => mayHold(bucket, reading.range))))
      for await (const rows of rowsIn(reading, tree))
        for (const { place, state } of rows) {
          const message = readMessage(channel, place, state);
          if (message !== undefined) messages.push(message);
          if (messages.length === limit) return messages;
        }
  return messages;
}

/** Whether the range and the bucket have any time in common. A bucket's name is the beginning of the times in it. */
function mayHold(bucket: string, { before, after }: Required<HistoryRange>): boolean {
  const latest = before < TOP ? nameAt(before) : "~";
  const earliest = after === "" ? "" : nameAt(after);
  return bucket.slice(0, LONGEST) <= latest && bucket >= earliest.slice(0, bucket.length);
}
const LONGEST = 15;
/** Beyond the last time that a stamp may have, all is the same. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const nameAt = (place: Place): string => bucketAt(Math.min(LAST_MS, stampTimeMs(place)), LONGEST);

/** A bucket's rows and those of the finer ones in it, as one run. */
function rowsIn(reading: Reading, { bucket, within }: BucketTree): Rows {
  const own = rowsOf(reading, bucket);
  return within.length === 0 ? own : merged(own, inTurn(reading, within));
}

async function* inTurn(reading: Reading, trees: readonly BucketTree[]): Rows {
  for (const tree of trees) yield* rowsIn(reading, tree);
}

async function* rowsOf({ session, channel, range: { limit, before, after } }: Reading, bucket: string): Rows {
  for (let from = before; ; ) {
    const { query, bounds } = selectOf(from, after);
    const rows = await session.read(query, [channel, bucket, ...bounds, limit]);
    yield rows as unknown as readonly Found[];
    if (rows.length < limit) return;
    from = String(rows.at(-1)?.["place"]);
  }
}

/** Two runs in descending order as one; of two rows at one place the newer word's. */
async function* merged(a: Rows, b: Rows): Rows {
  const [one, other] = [new Run(a), new Run(b)];
  for (;;) {
    const [left, right] = await Promise.all([one.first(), other.first()]);
    if (left === undefined && right === undefined) return;
    if (right === undefined || (left !== undefined && left.place > right.place)) yield [one.take()];
    else if (left === undefined || left.place < right.place) yield [other.take()];
    else {
      // Words begin the states, and their order is the order of texts.
      yield [left.state > right.state ? left : right];
      one.take();
      other.take();
    }
  }
}

class Run {
  readonly #rows: Rows;
  #here: readonly Found[] = [];
  #at = 0;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /** The next row, not taken yet; undefined at the end. */
  async first(): Promise<Found | undefined> {
    while (this.#at >= this.#here.length) {
      const next = await this.#rows.next();
      if (next.done) return undefined;
      this.#here = next.value;
      this.#at = 0;
    }
    return this.#here[this.#at];
  }

  take(): Found {
    const row = this.#here[this.#at];
    if (row === undefined) throw new Error("nothing to take: ask for the first");
    this.#at += 1;
    return row;
  }
}
