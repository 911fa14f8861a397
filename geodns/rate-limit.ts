/**
 * How many answers a network gets by UDP: whoever forges somebody's address must not make us shout at them. Above the rate every second query
 * is answered "ask by TCP", in as many bytes as it had, so that an honest resolver in that network still gets through; the others are lost.
 */
import type { Address } from "./address.ts";

export interface RateLimitOptions {
  /** Answers a second for one /24 or /56, and as many at once. 0 = no limit. */
  readonly perSecond: number;
  /** Networks remembered; the longest unheard is forgotten. */
  readonly most?: number;
  readonly nowMs: () => number;
}
export type Verdict = "answer" | "truncate" | "drop";

interface Bucket {
  tokens: number;
  atMs: number;
  slip: boolean;
}
const MOST = 50_000;

/** IPv4: 24 bits; IPv6: 56 bits, which is what one customer has. As a number below 2^53, or text. */
const networkOf = (address: Address): number | string =>
  address.length === 4
    ? (address[0]! << 16) | (address[1]! << 8) | address[2]!
    : `${address[0]},${address[1]},${address[2]},${address[3]},${address[4]},${address[5]},${address[6]}`;

const isLoopback = (address: Address): boolean =>
  address.length === 4 ? address[0] === 127 : address.every((byte, i) => byte === (i === 15 ? 1 : 0));

export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #buckets = new Map<number | string, Bucket>();
  /** Of all answers, the share that is given here, where several processes answer together: the limit is theirs together. */
  share = 1;

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** Nobody forges a loopback address over a network, so its answers are not counted. */
  take(address: Address): Verdict {
    const { nowMs, most = MOST } = this.#options;
    const perSecond = this.#options.perSecond * this.share;
    if (perSecond === 0 || isLoopback(address)) return "answer";
    const now = nowMs();
    const network = networkOf(address);
    let bucket = this.#buckets.get(network);
    if (bucket === undefined) {
      if (this.#buckets.size >= most) this.#buckets.delete(this.#buckets.keys().next().value!);
      bucket = { tokens: perSecond, atMs: now, slip: false };
      this.#buckets.set(network, bucket);
    }
    bucket.tokens = Math.min(perSecond, bucket.tokens + ((now - bucket.atMs) * perSecond) / 1_000);
    bucket.atMs = now;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return "answer";
    }
    bucket.slip = !bucket.slip;
    return bucket.slip ? "truncate" : "drop";
  }
}
