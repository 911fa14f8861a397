/** A page of a channel's messages across its buckets: newest first, without a gap, each message once, also where a day went on in finer buckets. */
import type { Identity } from "../../core/ids.ts";
import type { HistoryRange, Place, StoredMessage } from "../../core/ports/history-store.ts";
import { stampTimeMs } from "../../core/stamp.ts";
import type { BucketTree } from "./buckets.ts";
import { bucketAt, treesOf } from "./buckets.ts";
import type { ChannelBuckets } from "./channel-buckets.ts";
import { storedMessage } from "./rows.ts";
import type { Session } from "./session.ts";
import { readState } from "./words.ts";

interface Found {
  readonly place: Place;
  readonly word: string;
  /** Undefined: the message stands elsewhere by now. */
  readonly value: unknown;
}
type Rows = AsyncGenerator<Found>;
interface Reading {
  readonly session: Session;
  readonly channel: Identity;
  readonly range: Required<HistoryRange>;
}

const QUERY = "SELECT place, state FROM messages WHERE channel = ? AND bucket = ? AND place < ? AND place > ? LIMIT ?";

export async function pageOf(
  { session, buckets }: { readonly session: Session; readonly buckets: ChannelBuckets },
  channel: Identity,
  { limit, before = "\u{7f}", after = "" }: HistoryRange,
): Promise<readonly StoredMessage[]> {
  const reading = { session, channel, range: { limit, before, after } };
  const messages: StoredMessage[] = [];
  for await (const page of buckets.listed(channel))
    for (const tree of treesOf(page.filter((bucket) => mayHold(bucket, reading.range))))
      for await (const { place, value } of rowsIn(reading, tree)) {
        if (value !== undefined) messages.push(storedMessage(channel, place, value));
        if (messages.length === limit) return messages;
      }
  return messages;
}

/** Whether the range and the bucket have any time in common. A bucket's name is the beginning of the times in it. */
function mayHold(bucket: string, { before, after }: Required<HistoryRange>): boolean {
  const latest = before < "\u{7f}" ? nameAt(before) : "~";
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
    const rows = await session.read(QUERY, [channel, bucket, from, after, limit]);
    for (const row of rows) yield { place: String(row["place"]), ...readState(String(row["state"])) };
    if (rows.length < limit) return;
    from = String(rows.at(-1)?.["place"]);
  }
}

/** Two runs in descending order as one; of two rows at one place the newer word's. */
async function* merged(a: Rows, b: Rows): Rows {
  let [one, other] = await Promise.all([a.next(), b.next()]);
  while (!one.done || !other.done) {
    if (other.done || (!one.done && one.value.place > other.value.place)) {
      yield (one as IteratorYieldResult<Found>).value;
      one = await a.next();
    } else if (one.done || one.value.place < other.value.place) {
      yield other.value;
      other = await b.next();
    } else {
      yield one.value.word > other.value.word ? one.value : other.value;
      [one, other] = await Promise.all([a.next(), b.next()]);
    }
  }
}
