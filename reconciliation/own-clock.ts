/**
 * The clock that this region's stamps are made by, over its lives (T1, T2, H8). It never goes back, but for one reason: a life whose wall clock
 * ran ahead has left stamps that everybody distrusts, and going on above them would keep the region ahead, and distrusted, for as long. Then it
 * goes on above its last sane stamp, and above what it has followed of others; and when true time comes where the wrong stamps lie it jumps over them, so that none is made twice.
 *
 * Nor does a life know all stamps of the one before: a message may be on its way to a slow log when the process dies, and land there after the next
 * one has read to the end. So each life keeps in the store, ahead of what it does, the stamp that the next one begins above.
 */
import { LIMITS } from "../core/limits.ts";
import type { HybridClock, PhysicalClock, Stamp } from "../core/stamp.ts";
import { formatStamp, greaterStamp, LIVES, stampTimeMs } from "../core/stamp.ts";
import type { TableWriter } from "./register-rows.ts";
import type { Stretch } from "./stretches.ts";

export interface OwnClockParts {
  readonly tables: TableWriter;
  readonly region: string;
  /** Wall time at boot plus monotonic time since. */
  readonly physical: PhysicalClock;
  readonly isDistrusted: (stamp: Stamp) => boolean;
}

/** Stretches nearer than this are one: what lies between them was made by the same life. */
const NEAR_MS = 30_000;

export class OwnClock implements PhysicalClock {
  readonly #parts: OwnClockParts;
  #leaps: readonly Stretch[];
  /** What the lives before this one have followed of others. */
  readonly #followed: Stamp | undefined;
  /** What this life's stamps begin above. */
  readonly highest: Stamp | undefined;
  /** Its number among the region's lives, counted round: its stamps are none that those just before it made (LIVES). */
  readonly life: number;

  constructor(parts: OwnClockParts) {
    this.#parts = parts;
    this.#leaps = this.#wrongAhead();
    const before = parts.tables.get("facts", "life");
    this.life = typeof before === "number" ? (before + 1) % LIVES : 0;
    const followed = this.#fact("followed");
    this.#followed = followed === undefined || this.#isAhead(followed) ? undefined : followed;
    const highest = this.#fact("highest");
    this.highest =
      highest !== undefined && this.leaps(highest) ? this.#back(highest) : greater(this.#aboveClosed(highest), this.#fact("lease"));
    // What may prove to be wrong, once the peers are heard, is not remembered as sane.
    if (this.highest !== undefined && !this.#isAhead(this.highest)) parts.tables.put("facts", "sane", this.highest);
  }

  nowMs(): number {
    const timeMs = this.#parts.physical.nowMs();
    const leap = this.#leapAt(timeMs);
    return leap === undefined ? timeMs : stampTimeMs(leap.to) + 1;
  }

  /**
   * Keeps how far this life's stamps have come, with every commit, and its number and where the next life begins, also before this one's first stamp:
   * a millisecond above. Only a life that goes on ahead of its clock stays in that millisecond for long; any other's stamps follow time, which the next finds later.
   */
  keep(clock: HybridClock): void {
    const { tables, region } = this.#parts;
    tables.put("facts", "life", this.life);
    tables.put("facts", "highest", clock.highest);
    tables.put("facts", "followed", greater(clock.followed, this.#followed));
    tables.put("facts", "lease", formatStamp(stampTimeMs(clock.highest) + 1, 0, region));
  }

  #leapAt(timeMs: number): Stretch | undefined {
    return this.#leaps.find(({ from, to }) => stampTimeMs(from) <= timeMs && timeMs <= stampTimeMs(to));
  }

  /** Whether a former life made the stamp under a wrong clock, and this one does not go on above it. */
  leaps(stamp: Stamp): boolean {
    return this.#leaps.some(({ from, to }) => from <= stamp && stamp <= to);
  }

  /** Peers have witnessed against us. Where that was a former life, which we only now hear of, we need not stay ahead for it. */
  mend(clock: HybridClock): void {
    const wrong = this.#wrongAhead();
    const { highest } = clock;
    if (!this.#isAhead(highest) || !wrong.some(({ from, to }) => from <= highest && highest <= to)) return;
    this.#leaps = wrong;
    clock.goBack(this.#back(highest, clock.followed));
  }

  /**
   * What the lives before this one have called closed: it stays closed (H6), also where their stamps are given up. Only what a clock far ahead
   * called so is given up too, as keeping it would keep the region ahead, and distrusted, for as long.
   */
  get closed(): Stamp | undefined {
    const closed = this.#fact("closed");
    if (closed === undefined) return undefined;
    return this.leaps(closed) && stampTimeMs(closed) - this.#parts.physical.nowMs() > NEAR_MS ? undefined : closed;
  }

  /**
   * Where a clock goes on whose stamps up to `highest` are given up. A promise among them, or near them, keeps it where it is: no stamp is made twice,
   * and a few seconds are not worth going back for.
   */
  #back(highest: Stamp, followed?: Stamp): Stamp | undefined {
    const back = this.#aboveClosed(greater(this.#fact("sane"), greater(this.#followed, followed)));
    if (back === undefined) return undefined;
    const isNear = stampTimeMs(highest) - stampTimeMs(back) < NEAR_MS;
    return isNear || this.#leapAt(stampTimeMs(back)) !== undefined ? highest : back;
  }

  #aboveClosed(stamp: Stamp | undefined): Stamp | undefined {
    return greater(stamp, this.closed);
  }

  /** What is distrusted of our own stamps and still to come by our clock, ascending. */
  #wrongAhead(): readonly Stretch[] {
    const { tables, region, physical, isDistrusted } = this.#parts;
    const nowMs = physical.nowMs();
    const stretches = [...tables.range("witnesses", { from: `${region}|`, to: `${region}|\u{7f}` })]
      .map(([, { from, to }]) => ({ from, to }))
      .filter(({ from }) => stampTimeMs(from) > nowMs && isDistrusted(from))
      .sort((a, b) => (a.from < b.from ? -1 : 1));
    const joined: Stretch[] = [];
    for (const next of stretches) {
      const last = joined.at(-1);
      if (last === undefined || stampTimeMs(next.from) - stampTimeMs(last.to) > NEAR_MS) joined.push(next);
      else joined[joined.length - 1] = { from: last.from, to: last.to > next.to ? last.to : next.to };
    }
    return joined;
  }

  #isAhead(stamp: Stamp): boolean {
    return stampTimeMs(stamp) - this.#parts.physical.nowMs() > LIMITS.clockBoundMs;
  }

  #fact(name: "highest" | "followed" | "lease" | "sane" | "closed"): Stamp | undefined {
    const kept = this.#parts.tables.get("facts", name);
    return typeof kept === "string" ? kept : undefined;
  }
}

const greater = (a: Stamp | undefined, b: Stamp | undefined): Stamp | undefined =>
  a === undefined || b === undefined ? (a ?? b) : greaterStamp(a, b);
