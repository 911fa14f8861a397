/**
 * A peer's clock as its beats show it (T2, H8). A physical clock is wall time at boot plus monotonic time, so the offset between two processes
 * is one number for as long as both live; what differs from beat to beat is only the way.
 *
 *   offset, rtt   as NTP does: the peer's beat echoes one of ours, the sample with the shortest way there and back is the one believed
 *   aheadMs       one way only: (its wall clock − ours) can be too small by the delay and never too great, so it proves "ahead" at the first beat
 *   lateness      (own monotonic − sender's monotonic) − the least seen: immune to wall clocks. The least is that of the last half minute of
 *                 beats, not of the whole boot: two sane oscillators drift apart by seconds a day, and a bad one by more
 */
import type { Beat, Heard } from "./beat.ts";

export interface Reading {
  readonly monoMs: number;
  readonly wallMs: number;
}
export interface ClockSample {
  /** The peer's clock less ours. */
  readonly offsetMs: number;
  readonly rttMs: number;
}

const SAMPLES = 16;
const WINDOW_MS = 15_000;

export class PeerClock {
  #boot: string | undefined;
  #ways: number[] = [];
  #samples: ClockSample[] = [];
  #window = { sinceMs: 0, least: Number.POSITIVE_INFINITY, before: Number.POSITIVE_INFINITY };

  /** Takes a beat that has just come; returns how late it is, in ms. `echo` is its word about us, if it is about this life of ours. */
  hear(beat: Beat, echo: Heard | undefined, now: Reading): number {
    if (beat.boot !== this.#boot) this.#begin(beat.boot, now.monoMs);
    keep(this.#ways, beat.wallMs - now.wallMs);
    const sample = echo === undefined ? undefined : sampleOf(beat, echo, now);
    if (sample !== undefined) keep(this.#samples, sample);
    return this.#lateness(now.monoMs - beat.monoMs, now.monoMs);
  }

  /** The most believable of the last measurements; undefined before an echo has come. */
  get sample(): ClockSample | undefined {
    return this.#samples.reduce<ClockSample | undefined>(
      (best, one) => (best === undefined || one.rttMs < best.rttMs ? one : best),
      undefined,
    );
  }

  /** The peer's clock is at least this far ahead of ours; undefined before the first beat of its life. */
  get aheadMs(): number | undefined {
    return this.#ways.length === 0 ? undefined : Math.max(...this.#ways);
  }

  #begin(boot: string, nowMs: number): void {
    this.#boot = boot;
    this.#ways = [];
    this.#samples = [];
    this.#window = { sinceMs: nowMs, least: Number.POSITIVE_INFINITY, before: Number.POSITIVE_INFINITY };
  }

  #lateness(wayMs: number, nowMs: number): number {
    if (nowMs - this.#window.sinceMs > WINDOW_MS)
      this.#window = { sinceMs: nowMs, least: Number.POSITIVE_INFINITY, before: this.#window.least };
    this.#window.least = Math.min(this.#window.least, wayMs);
    return wayMs - Math.min(this.#window.least, this.#window.before);
  }
}

/** Four readings: ours at sending (t0), the peer's at hearing (t1) and at answering (t2), ours now (t3). */
function sampleOf(beat: Beat, echo: Heard, now: Reading): ClockSample | undefined {
  const awayMs = now.monoMs - echo.monoMs;
  const rttMs = awayMs - echo.agoMs;
  if (rttMs < 0) return undefined;
  const out = beat.wallMs - echo.agoMs - (now.wallMs - awayMs);
  const back = beat.wallMs - now.wallMs;
  return { offsetMs: (out + back) / 2, rttMs };
}

function keep<T>(items: T[], item: T): void {
  items.push(item);
  if (items.length > SAMPLES) items.shift();
}
