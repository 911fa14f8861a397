/** What this process knows of channels' buckets: which hold anything, how full they are, and which channels have finer ones. */
import { LRUCache } from "lru-cache";
import type { Finer, Length } from "./buckets.ts";
import { bucketAt, finerThan, LENGTHS, SPLIT_BYTES, SWITCH_AHEAD_MS } from "./buckets.ts";
import type { Session, Statement } from "./session.ts";

export interface ChannelBucketsOptions {
  readonly session: Session;
  readonly nowMs: () => number;
  readonly splitBytes?: number;
  readonly knownMs?: number;
  /** A channel moves to finer buckets from a time on. */
  readonly splitting?: (channel: string, length: Length, sinceMs: number) => void;
}

/** What is known is asked again after this long: by then other writers' news is in force. */
const KNOWN_MS = 10_000;
const CHANNELS = 20_000;
/** Bytes of a bucket are noted whenever they have grown by this. */
const NOTED_BYTES = 4 * 1024 * 1024;

/** More than the buckets of one day, the finest counted (1 + 24 + 144). */
const LISTED = 200;

interface Fill {
  bytes: number;
  noted: number;
}

export class ChannelBuckets {
  readonly #options: ChannelBucketsOptions;
  readonly #finer: LRUCache<string, Finer>;
  readonly #listed: LRUCache<string, readonly string[]>;
  /** "<channel>|<bucket>" of buckets known to be listed. */
  readonly #fills = new LRUCache<string, Fill>({ max: CHANNELS * 2 });

  constructor(options: ChannelBucketsOptions) {
    this.#options = options;
    const bounds = { max: CHANNELS, ttl: options.knownMs ?? KNOWN_MS };
    this.#finer = new LRUCache(bounds);
    this.#listed = new LRUCache(bounds);
  }

  /** The store may have lost rows: nothing is taken as known. */
  forget(): void {
    this.#finer.clear();
    this.#listed.clear();
    this.#fills.clear();
  }

  async finer(channel: string): Promise<Finer> {
    const known = this.#finer.get(channel);
    if (known !== undefined) return known;
    const rows = await this.#options.session.readSafely("SELECT length, since_ms FROM finer_buckets WHERE channel = ?", [channel]);
    const finer = new Map(
      rows.flatMap((row) => LENGTHS.filter((one) => one === row["length"]).map((one) => [one, Number(row["since_ms"])] as const)),
    );
    this.#finer.set(channel, finer);
    return finer;
  }

  /**
   * Buckets that hold anything, newest first, in pages of whole days. The first page is remembered for a while and completed by the buckets of
   * this moment; further ones are asked for.
   */
  async *listed(channel: string): AsyncGenerator<readonly string[]> {
    let page = await this.#newest(channel);
    for (;;) {
      const { days, next } = wholeDays(page);
      yield days;
      if (next === undefined) return;
      page = await this.#listedBelow(channel, next);
    }
  }

  async #newest(channel: string): Promise<readonly string[]> {
    const known = this.#listed.get(channel);
    if (known !== undefined) return [...new Set([...this.#current(channel), ...known])];
    const rows = await this.#options.session.read("SELECT bucket FROM buckets WHERE channel = ? LIMIT ?", [channel, LISTED]);
    const buckets = rows.map((row) => String(row["bucket"]));
    this.#listed.set(channel, buckets);
    return buckets;
  }

  async #listedBelow(channel: string, day: string): Promise<readonly string[]> {
    const query = "SELECT bucket FROM buckets WHERE channel = ? AND bucket < ? LIMIT ?";
    const rows = await this.#options.session.read(query, [channel, `${day}~`, LISTED]);
    return rows.map((row) => String(row["bucket"]));
  }

  /** Where a message born now is written. */
  #current(channel: string): readonly string[] {
    const lengths = [LENGTHS[0], ...(this.#finer.get(channel)?.keys() ?? [])];
    return lengths.map((length) => bucketAt(this.#options.nowMs(), length));
  }

  /** So many bytes are about to be written there. Resolves when the bucket is listed. */
  async filling(channel: string, bucket: string, bytes: number): Promise<void> {
    const key = `${channel}|${bucket}`;
    const known = this.#fills.get(key) ?? (await this.#begin(channel, bucket));
    known.bytes += bytes;
    const grown = known.bytes - known.noted;
    if (known.noted === 0 || grown >= Math.min(NOTED_BYTES, this.#splitBytes)) await this.#note(channel, bucket, known);
  }

  get #splitBytes(): number {
    return this.#options.splitBytes ?? SPLIT_BYTES;
  }

  async #begin(channel: string, bucket: string): Promise<Fill> {
    const [row] = await this.#options.session.readSafely("SELECT bytes FROM buckets WHERE channel = ? AND bucket = ?", [channel, bucket]);
    const fill = { bytes: Number(row?.["bytes"] ?? 0), noted: Number(row?.["bytes"] ?? 0) };
    this.#fills.set(`${channel}|${bucket}`, fill);
    return fill;
  }

  async #note(channel: string, bucket: string, fill: Fill): Promise<void> {
    const writes: Statement[] = [
      { query: "INSERT INTO buckets (channel, bucket, bytes) VALUES (?, ?, ?)", values: [channel, bucket, BigInt(fill.bytes)] },
    ];
    const length = finerThan(bucket);
    if (fill.bytes >= this.#splitBytes && length !== undefined && !(await this.finer(channel)).has(length)) {
      const sinceMs = this.#options.nowMs() + SWITCH_AHEAD_MS;
      writes.push({
        query: "INSERT INTO finer_buckets (channel, length, since_ms) VALUES (?, ?, ?)",
        values: [channel, length, BigInt(sinceMs)],
      });
      this.#options.splitting?.(channel, length, sinceMs);
      this.#finer.delete(channel);
    }
    await this.#options.session.write(writes);
    fill.noted = fill.bytes;
    this.#listed.delete(channel);
  }
}

/** A full page may end in the middle of a day: that day is left for the next page. */
function wholeDays(page: readonly string[]): { readonly days: readonly string[]; readonly next: string | undefined } {
  if (page.length < LISTED) return { days: page, next: undefined };
  const last = (page.at(-1) ?? "").slice(0, LENGTHS[0]);
  return { days: page.filter((bucket) => !bucket.startsWith(last)), next: last };
}
