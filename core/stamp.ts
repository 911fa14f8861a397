/**
 * Stamps: the total order of everything that happens in the mesh (law T1).
 *
 * A stamp is a hybrid logical clock reading (Kulkarni et al., "Logical Physical Clocks", 2014): milliseconds, a counter, and the
 * region that made it. Its text form sorts as the total order itself, so a plain string comparison is the comparison of stamps.
 */

/** "0199c3a4e2b1-0003-us": 12 hex digits of milliseconds, 4 of counter, the region. Text order is the total order. */
export type Stamp = string;

const SHAPE = /^[0-9a-f]{12}-[0-9a-f]{4}-[A-Za-z0-9_-]{1,64}$/;
const COUNTER_MAX = 0xffff;

/** The last millisecond of the year 9999, the last that RFC 3339 can write; far below what 12 digits hold, so that no clock can be led to their end. */
const LAST = "e677d21fdbff";

/** Whether a text that came from outside is a stamp that a region can have made: within the years that RFC 3339 can say. */
export const isStamp = (text: unknown): text is Stamp => typeof text === "string" && text.slice(0, LAST.length) <= LAST && SHAPE.test(text);

/** `timeMs` in milliseconds since 1970, at most 12 hex digits; `counter` at most 0xffff. Text order is then the total order (T1). */
export function formatStamp(timeMs: number, counter: number, region: string): Stamp {
  return `${timeMs.toString(16).padStart(12, "0")}-${counter.toString(16).padStart(4, "0")}-${region}`;
}

/** Milliseconds since 1970 of a stamp. */
export const stampTimeMs = (stamp: Stamp): number => Number.parseInt(stamp.slice(0, 12), 16);
/** What orders stamps of one region and millisecond: from 0. */
export const stampCounter = (stamp: Stamp): number => Number.parseInt(stamp.slice(13, 17), 16);
/** The region that made the stamp. */
export const stampRegion = (stamp: Stamp): string => stamp.slice(18);
/** RFC 3339 UTC with milliseconds. */
export const stampIso = (stamp: Stamp): string => new Date(stampTimeMs(stamp)).toISOString();

/** For sorting, earliest first. */
export const compareStamps = (a: Stamp, b: Stamp): number => (a < b ? -1 : a > b ? 1 : 0);
/** The later of two. */
export const greaterStamp = (a: Stamp, b: Stamp): Stamp => (a > b ? a : b);

/** A region's wall clock as its processes see it: wall time at boot plus monotonic time since, so that a clock step in a running process changes nothing (T2). */
export interface PhysicalClock {
  /** Milliseconds since 1970. */
  nowMs(): number;
}

export interface HybridClockOptions {
  readonly region: string;
  readonly physical: PhysicalClock;
  /** The greatest stamp this region is known to have made, so that a restart never goes back. */
  readonly highest?: Stamp | undefined;
  /** Which of its region's lives makes the stamps, counted round: 0 to LIVES - 1. */
  readonly life?: number;
  /** A stamp of a peer or client further ahead of the physical clock than this is not followed (T2), in ms. */
  readonly boundMs: number;
}

/**
 * Each life of a region takes every eighth counter, so that lives that follow each other make no stamp twice, wherever in time each of them is led
 * (T1): what one had on its way when it died, or made under a wrong clock, the next need not know.
 */
export const LIVES = 8;

/** Makes this region's stamps. Each is greater than every one before it and than every sane stamp it has witnessed. */
export class HybridClock {
  #timeMs = 0;
  #counter = 0;
  #followed: Stamp | undefined;
  readonly #life: number;
  readonly #region: string;
  readonly #physical: PhysicalClock;
  readonly #boundMs: number;

  constructor({ region, physical, highest, life = 0, boundMs }: HybridClockOptions) {
    this.#region = region;
    this.#life = life;
    this.#physical = physical;
    this.#boundMs = boundMs;
    if (highest !== undefined) this.#raise(stampTimeMs(highest), stampCounter(highest));
  }

  /** The next stamp: greater than all that this clock has made or witnessed. Counter overflow spills into the milliseconds. */
  next(): Stamp {
    const nowMs = this.#physical.nowMs();
    const counter = this.#nextCounter();
    if (nowMs > this.#timeMs) {
      this.#timeMs = nowMs;
      this.#counter = this.#life;
    } else if (counter > COUNTER_MAX) {
      this.#timeMs += 1;
      this.#counter = this.#life;
    } else this.#counter = counter;
    return formatStamp(this.#timeMs, this.#counter, this.#region);
  }

  /** The least counter of this life's above the present one. */
  #nextCounter(): number {
    const above = this.#counter + 1;
    return above + ((((this.#life - above) % LIVES) + LIVES) % LIVES);
  }

  /** Follows a stamp that somebody else made. Returns false, and does not move, when it lies beyond the bound (T2). */
  witness(stamp: Stamp): boolean {
    const timeMs = stampTimeMs(stamp);
    if (timeMs - this.#physical.nowMs() > this.#boundMs) return false;
    this.#raise(timeMs, stampCounter(stamp));
    if ((this.#followed === undefined || stamp > this.#followed) && stampRegion(stamp) !== this.#region) this.#followed = stamp;
    return true;
  }

  /** A stamp that this region made or followed in a former life: whatever the wall clock says, what is made next is greater (T1). */
  remember(stamp: Stamp): void {
    this.#raise(stampTimeMs(stamp), stampCounter(stamp));
  }

  /** The one way back: stamps of a former life, which everybody distrusts, are given up; goes on above `sane` (H8), and above what it has followed (T1). */
  goBack(sane: Stamp | undefined): void {
    this.#timeMs = 0;
    this.#counter = 0;
    for (const stamp of [sane, this.#followed]) if (stamp !== undefined) this.remember(stamp);
  }

  /** The greatest stamp of another region that this clock has followed. */
  get followed(): Stamp | undefined {
    return this.#followed;
  }

  /** The greatest stamp made or witnessed so far, without making one. */
  get highest(): Stamp {
    return formatStamp(this.#timeMs, this.#counter, this.#region);
  }

  nowMs(): number {
    return this.#physical.nowMs();
  }

  #raise(timeMs: number, counter: number): void {
    if (timeMs > this.#timeMs || (timeMs === this.#timeMs && counter > this.#counter)) {
      this.#timeMs = timeMs;
      this.#counter = counter;
    }
  }
}
