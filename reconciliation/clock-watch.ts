/**
 * Whose clock is wrong (T2, H8). Every region compares the clocks it sees, its own included, with their median. More than half a second off,
 * beyond what the way there and back leaves open, three times in a row, raises the alarm; the region itself turns red only when a majority
 * stands against it: with two regions both are alarmed and neither is red.
 */
import { LIMITS } from "../core/limits.ts";
import type { ClockSample } from "./peer-clock.ts";

interface Clock {
  /** Less our own clock. */
  readonly offsetMs: number;
  readonly slackMs: number;
}
const OWN: Clock = { offsetMs: 0, slackMs: 0 };

export class ClockWatch {
  #skewMs = 0;
  #measured = false;
  readonly #alarm = new Steady();
  readonly #red = new Steady();
  readonly #peers = new Map<string, Steady>();

  /** One comparison of all clocks that have been measured. */
  observe(samples: ReadonlyMap<string, ClockSample>): void {
    const clocks = new Map([...samples].map(([peer, { offsetMs, rttMs }]) => [peer, { offsetMs, slackMs: rttMs / 2 }]));
    const { nearer, farther } = middlesOf([OWN, ...clocks.values()]);
    this.#measured ||= clocks.size > 0;
    this.#skewMs = 0 - farther.offsetMs;
    this.#alarm.see(isOff(OWN, farther));
    this.#red.see(isOff(OWN, nearer));
    for (const peer of this.#peers.keys()) if (!clocks.has(peer)) this.#peers.delete(peer);
    for (const [peer, clock] of clocks) {
      const steady = this.#peers.get(peer) ?? new Steady();
      this.#peers.set(peer, steady);
      steady.see(isOff(clock, this.sane() ? OWN : farther));
    }
  }

  /** A peer's clock has been measured in this life. */
  get measured(): boolean {
    return this.#measured;
  }
  /** Own clock less the median; positive = ahead. With an even number of clocks the middle one farther from us. */
  get skewMs(): number {
    return Math.round(this.#skewMs);
  }
  /** Own clock is off the median. */
  get alarm(): boolean {
    return this.#alarm.holds;
  }
  /** False: a majority of the clocks says that ours is wrong. */
  sane(): boolean {
    return !this.#red.holds;
  }
  /** Whether this peer's clock is off. */
  peerAlarm(peer: string): boolean {
    return this.#peers.get(peer)?.holds ?? false;
  }
}

const isOff = (clock: Clock, median: Clock): boolean =>
  Math.abs(clock.offsetMs - median.offsetMs) - Math.max(clock.slackMs, median.slackMs) > LIMITS.clockAlarmMs;

/** The median of an odd number of clocks is one clock; of an even number two stand in the middle, and without a majority we believe ourselves. */
function middlesOf(clocks: readonly Clock[]): { readonly nearer: Clock; readonly farther: Clock } {
  const sorted = [...clocks].sort((a, b) => a.offsetMs - b.offsetMs);
  const low = sorted[(sorted.length - 1) >> 1] ?? OWN;
  const high = sorted[sorted.length >> 1] ?? OWN;
  return Math.abs(low.offsetMs) < Math.abs(high.offsetMs) ? { nearer: low, farther: high } : { nearer: high, farther: low };
}

/** A yes or no that changes only when it was seen otherwise several times in a row. */
class Steady {
  #holds = false;
  #against = 0;

  get holds(): boolean {
    return this.#holds;
  }

  see(now: boolean): void {
    this.#against = now === this.#holds ? 0 : this.#against + 1;
    if (this.#against < LIMITS.clockAlarmTimes) return;
    this.#holds = now;
    this.#against = 0;
  }
}
