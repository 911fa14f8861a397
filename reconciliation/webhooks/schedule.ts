/** When a delivery is tried again, and when nobody tries any more (Standard Webhooks' schedule; W5 W8 W9 W10 of the register). */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Before the first try and after each that failed. */
const SCHEDULE_MS = [0, 5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR] as const;

export const HOOK_LIMITS = {
  /** An event that waits longer is brought to nobody. */
  keptMs: 7 * 24 * HOUR,
  /** So many tries that failed in a row, and the webhook is halted. */
  failures: 50,
  /** After so many in a row the receiver was out of reach, and not one event too much for it: when it answers again, all that waits is due. */
  outage: 5,
  /** A receiver that fails is left alone this long at most, so that fifty failures take hours and no restart of a bot is one. */
  pauseMs: 5 * MINUTE,
  /** Events that wait for one webhook; what comes beyond is not brought. */
  waiting: 10_000,
  /** Tries that are kept to be looked at. */
  shown: 20,
  /** Requests a second to one webhook, and as many at once after a rest. */
  perSecond: 50,
  /** Requests of a region at the same time. */
  atOnce: 32,
  /** Standard Webhooks: payloads are small. */
  bodyBytes: 20_000,
} as const;

/** How long after so many failed tries of one event the next is made; undefined: none is. `random` in [0, 1). */
export function retryMs(tries: number, random: number): number | undefined {
  const delayMs = SCHEDULE_MS[tries];
  return delayMs === undefined ? undefined : Math.round(delayMs * (0.9 + random * 0.2));
}

/** How long a receiver is left alone after so many failures in a row, whatever event they were of: one is no reason. */
export const pauseMs = (failures: number): number => (failures < 2 ? 0 : Math.min(HOOK_LIMITS.pauseMs, SECOND * 2 ** (failures - 2)));

/** A token bucket. */
export class Bucket {
  readonly #perSecond: number;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#atMs = nowMs;
  }

  /** Milliseconds until there is one; 0: there is. */
  waitMs(nowMs: number): number {
    const grown = Math.max(0, nowMs - this.#atMs) * (this.#perSecond / SECOND);
    this.#tokens = Math.min(this.#perSecond, this.#tokens + grown);
    this.#atMs = nowMs;
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) * SECOND) / this.#perSecond);
  }
  take(): void {
    this.#tokens -= 1;
  }
}
