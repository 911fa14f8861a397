import { beforeEach, describe, expect, test } from "vitest";
import type { Event, Placed } from "../core/event.ts";
import { formatStamp, stampTimeMs } from "../core/stamp.ts";
import type { ClockNews, Witnessed } from "./clock-witness.ts";
import { ClockWitness } from "./clock-witness.ts";
import { VirtualTime } from "./links.test-model.ts";
import type { Stretch } from "./stretches.ts";

const HOUR = 3_600_000;
const NOW = 1_700_000_000_000;
let time: VirtualTime;
let written: Witnessed[];
let durable: (() => void)[];
let witness: ClockWitness;

const open = (known: readonly Stretch[] = [], log: "quick" | "slow" | "refusing" = "quick"): ClockWitness =>
  new ClockWitness({
    regions: 3,
    nowMs: () => NOW + time.nowMs,
    timers: time,
    known: () => known,
    appendWitness: (data) => {
      written.push(data);
      if (log === "quick") return Promise.resolve();
      if (log === "refusing" && written.length < 3) return Promise.reject(new Error("the log is closed"));
      return new Promise((resolve) => durable.push(resolve));
    },
  });
const stampAt = (timeMs: number): string => formatStamp(timeMs, 0, "eu");
let sequence = 0;
const events = (...timesMs: readonly number[]): readonly Placed[] => {
  sequence += 1;
  return timesMs.map((timeMs, place) => ({
    position: { origin: "eu", epoch: 1, sequence, place },
    event: { stamp: stampAt(timeMs) } as Event,
  }));
};
const beat = (more: Partial<ClockNews> = {}): ClockNews => ({
  epoch: 1,
  boot: "a",
  bootMs: NOW + HOUR - 60_000,
  wallMs: NOW + time.nowMs + HOUR,
  aheadMs: HOUR - 40,
  tail: false,
  ...more,
});
const covered = (timeMs: number): boolean => written.some(({ from, to }) => from <= stampAt(timeMs) && stampAt(timeMs) <= to);

beforeEach(() => {
  time = new VirtualTime();
  written = [];
  durable = [];
  sequence = 0;
  witness = open();
});

describe("T2: by the stamp", () => {
  test("a stamp beyond the bound ahead of our present is witnessed, one within it is not", () => {
    witness.see("eu", events(NOW + 4_000, NOW + 5_000));
    expect(written).toEqual([]);
    witness.see("eu", events(NOW + 5_001, NOW + HOUR));
    expect(written).toEqual([
      { origin: "eu", epoch: 1, from: stampAt(NOW + 5_001), to: stampAt(NOW + HOUR + 4_000), offsetMs: HOUR, of: 3 },
    ]);
  });

  test("one witness a stretch: a busy origin costs one event in 2 s, and no stamp of it is ever judged uncovered after the first", async () => {
    for (let second = 0; second < 120; second += 1) {
      const stamp = NOW + HOUR + time.nowMs;
      if (second > 0) expect(covered(stamp)).toBe(true);
      witness.see("eu", events(stamp));
      await time.pass(1_000);
    }
    expect(written.length).toBeLessThanOrEqual(61);
    expect(new Set(written.map(({ from }) => from)).size).toBe(1);
  });

  test("whatever an origin stamps, it gets at most one witness a second", async () => {
    for (let n = 1; n <= 100; n += 1) {
      witness.see("eu", events(NOW + n * HOUR));
      await time.pass(100);
    }
    expect(written.length).toBeLessThanOrEqual(11);
    await time.pass(2_000);
    for (let n = 1; n <= 100; n += 1) expect(covered(NOW + n * HOUR)).toBe(true);
  });

  test("what was witnessed before a restart is not witnessed again", () => {
    witness = open([{ from: stampAt(NOW), to: stampAt(NOW + 2 * HOUR) }]);
    witness.see("eu", events(NOW + HOUR));
    expect(written).toEqual([]);
  });

  test("what the life before had on its way, and landed while this one waited to say it, is not said again", async () => {
    const known: Stretch[] = [];
    witness = open(known);
    witness.see("eu", events(NOW + HOUR));
    witness.see("eu", events(NOW + 2 * HOUR));
    known.push({ from: stampAt(NOW), to: stampAt(NOW + 2 * HOUR + 4_000) });
    await time.pass(2_000);
    expect(written).toHaveLength(1);
    witness.see("eu", events(NOW + 3 * HOUR));
    expect(written).toHaveLength(2);
  });

  test("a refused witness is tried again until the log has it", async () => {
    witness = open([], "refusing");
    witness.see("eu", events(NOW + HOUR));
    await time.pass(2_500);
    expect(written).toHaveLength(3);
    expect(new Set(written.map(({ to }) => to)).size).toBe(1);
  });
});

describe("H8: by the clock", () => {
  test("the beat at link-up witnesses before the tail is here", () => {
    witness.hear("eu", beat({ tail: true }));
    expect(written).toHaveLength(1);
    expect(written[0]).toMatchObject({ from: stampAt(NOW + HOUR - 60_000), offsetMs: HOUR - 40 });
    witness.see("eu", events(NOW + HOUR - 30_000, NOW + HOUR - 10));
    witness.hear("eu", beat({ tail: true }));
    expect(written).toHaveLength(1);
  });

  test("nothing is witnessed while there is nothing to judge, and nothing of a sane clock ever", () => {
    witness.hear("eu", beat());
    witness.hear("ap", beat({ aheadMs: 4_900, tail: true }));
    expect(written).toEqual([]);
  });

  test("a cut longer than the skew does not hide it: 30 min ahead, 40 min cut, the whole tail is witnessed from its first stamp", () => {
    const skew = HOUR / 2;
    const bootMs = NOW - HOUR;
    const tail = [NOW - 40 * 60_000 + skew, NOW - 20 * 60_000 + skew, NOW - 60_000 + skew].map((timeMs) => timeMs - 20 * 60_000);
    expect(tail[0]).toBeLessThan(NOW);
    witness.hear("eu", beat({ bootMs, wallMs: NOW + skew, aheadMs: skew }));
    witness.see("eu", events(...tail));
    for (const timeMs of tail) expect(covered(timeMs)).toBe(true);
    expect(written[0]?.from).toBe(stampAt(tail[0] ?? 0));
  });

  test("stamps of an earlier, sane life are not distrusted for what the clock does now; those no sane clock can have made are", async () => {
    const skew = HOUR;
    const bootMs = NOW - 600_000 + skew;
    witness.hear("eu", beat({ bootMs, wallMs: NOW + skew, aheadMs: skew }));
    witness.see("eu", events(NOW - 2 * HOUR, NOW - 700_000));
    expect(written).toEqual([]);
    witness.see("eu", events(NOW - 300_000));
    expect(covered(NOW - 300_000)).toBe(true);
    expect(covered(NOW - 700_000)).toBe(false);
  });

  test("a clock that drifts off within one life is distrusted from where it was last seen sane", async () => {
    for (let minute = 0; minute < 10; minute += 1) {
      witness.hear("eu", beat({ bootMs: NOW, wallMs: NOW + time.nowMs + minute * 400, aheadMs: minute * 400 }));
      await time.pass(60_000);
    }
    witness.hear("eu", beat({ bootMs: NOW, wallMs: NOW + time.nowMs + 5_200, aheadMs: 5_200, tail: true }));
    expect([covered(NOW + 8 * 60_000), covered(NOW + time.nowMs + 5_200)]).toEqual([false, true]);
  });

  test("a region that comes back repaired is trusted again", async () => {
    witness.hear("eu", beat({ tail: true }));
    await time.pass(60_000);
    witness.hear("eu", beat({ boot: "b", bootMs: NOW + 50_000, wallMs: NOW + 60_000, aheadMs: -40, tail: true }));
    witness.see("eu", events(NOW + 55_000, NOW + 60_000));
    expect(written).toHaveLength(1);
    expect(covered(NOW + 55_000)).toBe(false);
    expect(stampTimeMs(written[0]?.from ?? "")).toBeGreaterThan(NOW + 60_000);
  });
});

describe("H8: measure before the tail is judged", () => {
  test("after the start and after a cut a tail waits for a beat, but not for ever", async () => {
    expect(witness.ready("eu")).toBe(false);
    witness.hear("eu", beat({ aheadMs: 0 }));
    expect(witness.ready("eu")).toBe(true);
    witness.cut("eu");
    expect(witness.ready("eu")).toBe(false);
    await time.pass(2_900);
    expect(witness.ready("eu")).toBe(false);
    await time.pass(200);
    expect(witness.ready("eu")).toBe(true);
  });

  test("it waits until our own witness is applied here", async () => {
    witness = open([], "slow");
    witness.hear("eu", beat({ tail: true }));
    expect(witness.ready("eu")).toBe(false);
    durable[0]?.();
    await time.pass(1);
    expect(witness.ready("eu")).toBe(true);
  });
});
