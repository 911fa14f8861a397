/**
 * Whose clock is wrong (T2, H8). Every region compares the clocks it sees, its own included, with their median. More than half a second off,
 * beyond what the way there and back leaves open, three times in a row, raises the alarm; the region itself turns red only when a majority
 * stands against it: with two regions both are alarmed and neither is red.
 */
import { LIMITS } from "../core/limits.ts";
import type { PhysicalClock } from "../core/stamp.ts";
import type { ClockSample } from "./peer-clock.ts";

interface Clock {
  /** Less our own clock. */
  readonly offsetMs: number;
  readonly slackMs: number;
}
const OWN: Clock = { offsetMs: 0, slackMs: 0 };

/** A region's own present, seen by all clocks. */
export interface OwnPresent {
  /** For judging others: the median of all clocks where a majority says that ours is wrong. */
  judgingMs(): number;
  /**
   * As far as it may be promised (H6): not later than the middle of all clocks, as a clock that runs ahead is set right one day, and what it had
   * promised would hold the region there. Nothing before a peer's clock has been measured: then nobody hears the promise either.
   */
  closableMs(): number;
}

export class ClockWatch implements OwnPresent {
  readonly #own: Pick<PhysicalClock, "nowMs">;
  #skewMs = 0;
  #measured = false;
  #closableMs = 0;
  readonly #alarm = new Steady();
  readonly #red = new Steady();
  readonly #peers = new Map<string, Steady>();

  constructor(own: Pick<PhysicalClock, "nowMs">) {
    this.#own = own;
  }

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
  /** How far own time is wrong by the word of a majority; 0 while there is none against us. */
  get wrongMs(): number {
    return this.sane() ? 0 : this.skewMs;
  }
  judgingMs(): number {
    return this.#own.nowMs() - this.wrongMs;
  }
  closableMs(): number {
    if (this.#measured) this.#closableMs = Math.max(this.#closableMs, this.#own.nowMs() - 1 - Math.max(0, this.skewMs));
    return this.#closableMs;
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
