/**
 * Where in a channel a message lies: a partition holds the messages born in one bucket of time, a day as a rule. A channel whose day grows towards
 * 100 MB goes on in hours, from a recorded time on, and in stretches of ten minutes if an hour does (hotspots, M2).
 *
 * A bucket's name is the beginning of an RFC 3339 time, so names sort as times do, and a finer bucket's name begins with that of the coarser one it
 * lies in. Somebody who has not heard of the switch yet may write into the coarser bucket; readers look into both, so nothing depends on how fast
 * the news spreads.
 */
import { stampTimeMs } from "../../core/stamp.ts";

/** "2026-01-05", "2026-01-05T13", "2026-01-05T13:4": lengths of the names of buckets, coarse to fine. */
export const LENGTHS = [10, 13, 15] as const;
export type Length = (typeof LENGTHS)[number];
const [DAY] = LENGTHS;

/** From which birth on a channel's buckets have which length; a day before the first. */
export type Finer = ReadonlyMap<Length, number>;

export const bucketAt = (timeMs: number, length: Length): string => new Date(timeMs).toISOString().slice(0, length);

/** The bucket that a message born then is written into. */
export function bucketOf(born: string, finer: Finer): string {
  const timeMs = stampTimeMs(born);
  let length: Length = DAY;
  for (const [one, sinceMs] of finer) if (timeMs >= sinceMs && one > length) length = one;
  return bucketAt(timeMs, length);
}

/** Every bucket that it may stand in, by whoever wrote it. */
export const bucketsOf = (born: string, finer: Finer): readonly string[] => {
  const timeMs = stampTimeMs(born);
  return [DAY, ...finer.keys()].map((length) => bucketAt(timeMs, length));
};

/** A bucket and the finer ones that lie in it, newest first. */
export interface BucketTree {
  readonly bucket: string;
  readonly within: readonly BucketTree[];
}

/** `buckets` in descending order of names, as trees, newest first. */
export function treesOf(buckets: readonly string[]): readonly BucketTree[] {
  const trees: BucketTree[] = [];
  for (let rest = [...buckets].sort(); rest.length > 0; ) {
    const [bucket = ""] = rest;
    const inside = rest.slice(1).filter((one) => one.startsWith(bucket));
    trees.push({ bucket, within: treesOf(inside) });
    rest = rest.slice(1 + inside.length);
  }
  return trees.reverse();
}

/** A bucket of more than this is left for finer ones: well before 100 MB, at which Cassandra's reads and repairs begin to suffer. */
export const SPLIT_BYTES = 64 * 1024 * 1024;
/** The switch lies this far ahead, so that every writer has heard of it. */
export const SWITCH_AHEAD_MS = 60_000;

/** The next finer length than that of this bucket; undefined at the finest. */
export const finerThan = (bucket: string): Length | undefined => LENGTHS.find((length) => length > bucket.length);
