/** A region whose clock was wrong for a while, and its stamps before, meanwhile and after (T1, T2, H8). */
import { expect, test } from "vitest";
import type { Witness } from "../core/distrust.ts";
import { distrustOf } from "../core/distrust.ts";
import { LIMITS } from "../core/limits.ts";
import type { Stamp } from "../core/stamp.ts";
import { formatStamp, HybridClock, LIVES, stampTimeMs } from "../core/stamp.ts";
import { openMemoryStore } from "../regions/embedded/memory-store.ts";
import { OwnClock } from "./own-clock.ts";
import { WorkingSet } from "./working-set.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const T0 = Date.UTC(2026, 0, 5, 10);

/** One region's lives, and what its peers witness. */
class Lives {
  readonly tables = new WorkingSet(openMemoryStore());
  /** True time. */
  nowMs = T0;
  readonly stamps: Stamp[] = [];
  clock!: HybridClock;
  own!: OwnClock;
  #offsetMs = 0;
  #rows = 0;

  get witnesses(): readonly Witness[] {
    return [...this.tables.range("witnesses", { from: "", to: "\u{7f}" })].map(([, witness]) => witness);
  }

  boot(offsetMs: number): void {
    this.#offsetMs = offsetMs;
    const physical = { nowMs: () => this.nowMs + this.#offsetMs };
    this.own = new OwnClock({ tables: this.tables, region: "eu", physical, isDistrusted: (stamp) => distrustOf(this.witnesses)(stamp) });
    this.clock = new HybridClock({
      region: "eu",
      physical: this.own,
      highest: this.own.highest,
      life: this.own.life,
      boundMs: LIMITS.clockBoundMs,
    });
    this.own.keep(this.clock);
  }

  /** What a life does that nothing is left of: its message is still on its way to the log when the next one begins. */
  makeUnseen(count: number): void {
    for (let nth = 0; nth < count; nth += 1) this.stamps.push(this.clock.next());
  }

  /** Works for a while, a stamp a second. */
  work(forMs: number): readonly Stamp[] {
    const made: Stamp[] = [];
    for (let ms = 0; ms < forMs; ms += 1_000) {
      made.push(this.clock.next());
      this.nowMs += 1_000;
    }
    this.stamps.push(...made);
    this.own.keep(this.clock);
    return made;
  }

  /** What peers say of these stamps, in the order in which their words come. */
  witnessed(made: readonly Stamp[], by: readonly string[] = ["us", "ap"], parts = 1): void {
    const size = Math.ceil(made.length / parts);
    for (const region of by)
      for (let part = parts - 1; part >= 0; part -= 1) {
        const some = made.slice(part * size, (part + 1) * size);
        const to = formatStamp(stampTimeMs(some.at(-1) ?? "") + 30_000, 0, "eu");
        const position = { origin: region, epoch: 1, sequence: ++this.#rows, place: 0 };
        this.tables.put("witnesses", `eu|${this.#rows}${region}`, { origin: "eu", from: some[0] ?? "", to, by: region, of: 3, position });
      }
  }

  /** What this life calls closed, by the middle of all clocks: true time, or what a wrong middle says. */
  closes(offsetMs = 0): Stamp {
    const closed = formatStamp(this.nowMs + offsetMs, 0, "eu");
    this.tables.put("facts", "closed", closed);
    return closed;
  }

  aheadMs(stamp: Stamp): number {
    return stampTimeMs(stamp) - this.nowMs;
  }
  isUnique(): boolean {
    return new Set(this.stamps).size === this.stamps.length;
  }
}

function hourAhead(parts = 1): Lives {
  const lives = new Lives();
  lives.boot(0);
  lives.work(MINUTE);
  lives.boot(HOUR);
  lives.witnessed(lives.work(20 * MINUTE), ["us", "ap"], parts);
  return lives;
}

test("T1: a restart never goes back, also where the wall clock does", () => {
  const lives = new Lives();
  lives.boot(0);
  const before = lives.work(MINUTE);
  lives.boot(-10 * MINUTE);
  const after = lives.work(1_000);
  expect((after[0] ?? "") > (before.at(-1) ?? "")).toBe(true);
});

test("T1: lives that die one after another make no stamp twice, though none sees what the one before had on its way", () => {
  const lives = new Lives();
  lives.boot(0);
  lives.work(MINUTE);
  lives.closes(2_000);
  for (let life = 0; life < 100; life += 1) {
    lives.boot(0);
    lives.makeUnseen(1 + (life % 5));
  }
  expect(lives.isUnique()).toBe(true);
  // And they do not run away from their clock.
  expect(lives.aheadMs(lives.stamps.at(-1) ?? "")).toBeLessThan(2_500);
});

test("H8: an hour ahead, witnessed by a majority, started again with a sane clock: stamps are sane at once, and none is made twice", () => {
  const lives = hourAhead();
  const wrong = lives.stamps.at(-1) ?? "";
  lives.boot(0);
  const [first] = lives.work(MINUTE);
  expect(Math.abs(lives.aheadMs(first ?? "") + MINUTE)).toBeLessThan(1_000);
  expect((first ?? "") < wrong).toBe(true);
  // An hour later true time comes where the wrong stamps lie, and jumps over them.
  lives.work(HOUR + 40 * MINUTE);
  expect(lives.isUnique()).toBe(true);
  expect(Math.abs(lives.aheadMs(lives.stamps.at(-1) ?? ""))).toBeLessThan(2_000);
});

test("H8: stretches come in any order and overlap; the jump is over all of them", () => {
  const lives = hourAhead(5);
  lives.boot(0);
  lives.work(2 * HOUR);
  expect(lives.isUnique()).toBe(true);
  const [first] = lives.witnesses;
  const inside = lives.stamps.slice(60 + 20 * 60).filter((stamp) => distrustOf(lives.witnesses)(stamp));
  expect([first?.origin, inside]).toEqual(["eu", []]);
});

test("T1: a life led by a peer into the stamps that a wrong clock's life had made makes none of them again", () => {
  const lives = new Lives();
  lives.boot(0);
  const led = formatStamp(T0 + 4_000, 0, "us");
  for (let life = 0; life < LIVES; life += 1) {
    lives.boot(0);
    lives.clock.goBack(undefined);
    expect(lives.clock.witness(led)).toBe(true);
    lives.makeUnseen(3);
  }
  expect(lives.isUnique()).toBe(true);
});

test("H8: one witness is no majority: the region stays where its stamps are", () => {
  const lives = new Lives();
  lives.boot(HOUR);
  lives.witnessed(lives.work(MINUTE), ["us"]);
  const wrong = lives.stamps.at(-1) ?? "";
  lives.boot(0);
  expect((lives.work(1_000)[0] ?? "") > wrong).toBe(true);
});

test("T1, H8: after the wrong clock a slow one: what was sane before is not gone back on", () => {
  const lives = hourAhead();
  const sane = lives.stamps[59] ?? "";
  lives.boot(-40 * MINUTE);
  expect((lives.work(1_000)[0] ?? "") > sane).toBe(true);
  expect(lives.isUnique()).toBe(true);
});

test("T1, H8: started again while true time lies within the stretch: the stamps made there are not made again", () => {
  const lives = new Lives();
  lives.boot(10 * MINUTE);
  lives.witnessed(lives.work(20 * MINUTE));
  lives.boot(0);
  lives.work(20 * MINUTE);
  expect(lives.isUnique()).toBe(true);
  expect(lives.own.leaps(lives.stamps[0] ?? "")).toBe(false);
});

test("H8: started again while cut off, it learns of the witnesses later: then it mends itself", () => {
  const lives = new Lives();
  lives.boot(0);
  const sane = lives.work(MINUTE).at(-1) ?? "";
  lives.boot(HOUR);
  const wrong = lives.work(5 * MINUTE);
  lives.boot(0);
  const still = lives.work(MINUTE);
  expect(lives.aheadMs(still[0] ?? "")).toBeGreaterThan(HOUR / 2);
  lives.own.mend(lives.clock);
  expect(lives.aheadMs(lives.work(1_000)[0] ?? "")).toBeGreaterThan(HOUR / 2);
  lives.witnessed([...wrong, ...lives.stamps.slice(-61)]);
  lives.own.mend(lives.clock);
  const [mended] = lives.work(1_000);
  expect([Math.abs(lives.aheadMs(mended ?? "")) < 2_000, (mended ?? "") > sane]).toEqual([true, true]);
  lives.work(2 * HOUR);
  expect(lives.isUnique()).toBe(true);
  // And so does the next life.
  lives.boot(0);
  expect(Math.abs(lives.aheadMs(lives.work(1_000)[0] ?? ""))).toBeLessThan(2_000);
});

test("T1, H8: whoever gives stamps up goes on above what they have followed of a peer, in this life and in those before", () => {
  const lives = hourAhead();
  lives.nowMs += MINUTE;
  const early = formatStamp(lives.nowMs + 4_000, 0, "us");
  expect([lives.clock.witness(early), lives.clock.witness(lives.stamps.at(-1) ?? "")]).toEqual([true, true]);
  lives.own.keep(lives.clock);
  lives.boot(0);
  const [first] = lives.work(1_000);
  expect([(first ?? "") > early, lives.aheadMs(first ?? "") < 5_000]).toEqual([true, true]);

  const unheard = new Lives();
  unheard.boot(HOUR);
  const wrong = unheard.work(5 * MINUTE);
  unheard.boot(0);
  const late = formatStamp(unheard.nowMs + 4_000, 0, "us");
  expect(unheard.clock.witness(late)).toBe(true);
  unheard.witnessed([...wrong, ...unheard.work(1_000)]);
  unheard.own.mend(unheard.clock);
  const [mended] = unheard.work(1_000);
  expect([(mended ?? "") > late, unheard.aheadMs(mended ?? "") < 5_000]).toEqual([true, true]);
});

test("T2: a region whose clock is wrong now does not mend itself by what is said of it", () => {
  const lives = hourAhead();
  const wrong = lives.stamps.at(-1) ?? "";
  lives.own.mend(lives.clock);
  expect((lives.work(1_000)[0] ?? "") > wrong).toBe(true);
});

test("H6, H8: what the wrong clock's life called closed, by the others' clocks, stays closed where its stamps are given up", () => {
  const lives = hourAhead();
  const closed = lives.closes();
  lives.boot(-10_000);
  const [first] = lives.work(1_000);
  expect([(first ?? "") > closed, lives.aheadMs(first ?? "") < 2_000]).toEqual([true, true]);
  expect(lives.own.closed).toBe(closed);
});

test("T1, H6: a promise among the stamps that are given up: the region goes on above them, and makes none twice", () => {
  const lives = new Lives();
  lives.boot(0);
  lives.work(MINUTE);
  const closed = lives.closes(2_000);
  lives.boot(-12_000);
  const above = lives.work(3_000);
  expect(above.every((stamp) => stamp > closed)).toBe(true);
  lives.witnessed(above);
  lives.own.mend(lives.clock);
  const next = lives.work(MINUTE);
  expect([lives.isUnique(), next.every((stamp) => stamp > closed)]).toEqual([true, true]);
  lives.boot(-12_000);
  lives.work(MINUTE);
  expect(lives.isUnique()).toBe(true);
});

test("T1, H8: peers' word against a life that went on above a promise does not take it back among the stamps of the life before", () => {
  const lives = new Lives();
  lives.boot(0);
  lives.closes(9_000);
  lives.boot(0);
  lives.work(1_000);
  lives.boot(0);
  lives.witnessed(lives.work(1_000));
  lives.own.mend(lives.clock);
  lives.work(3_000);
  expect(lives.isUnique()).toBe(true);
});

test("H8: only what was called closed far ahead, by a majority of wrong clocks, is given up with the stamps", () => {
  const lives = hourAhead();
  lives.closes(HOUR);
  lives.boot(0);
  expect(Math.abs(lives.aheadMs(lives.work(1_000)[0] ?? ""))).toBeLessThan(2_000);
  expect(lives.own.closed).toBeUndefined();
});
