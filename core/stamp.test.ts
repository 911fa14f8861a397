import fc from "fast-check";
import { expect, test } from "vitest";
import { formatStamp, HybridClock, isStamp, LIVES, stampCounter, stampRegion, stampTimeMs } from "./stamp.ts";

const clockAt = (times: number[], options: { highest?: string; region?: string; life?: number } = {}) =>
  new HybridClock({ region: "us", boundMs: 5_000, physical: { nowMs: () => times[0] ?? 0 }, ...options });

test("T1: the text form reads back, and sorts by milliseconds, counter, region", () => {
  const stamp = formatStamp(1_700_000_000_000, 3, "us");
  expect([isStamp(stamp), stampTimeMs(stamp), stampCounter(stamp), stampRegion(stamp)]).toEqual([true, 1_700_000_000_000, 3, "us"]);
  const part = fc.tuple(fc.integer({ min: 0, max: 2 ** 47 }), fc.integer({ min: 0, max: 0xffff }), fc.constantFrom("ap", "eu", "us"));
  fc.assert(
    fc.property(part, part, (a, b) => {
      const byParts = a[0] - b[0] || a[1] - b[1] || (a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : 0);
      const [x, y] = [formatStamp(...a), formatStamp(...b)];
      expect(Math.sign(byParts)).toBe(x < y ? -1 : x > y ? 1 : 0);
    }),
  );
});

test("T1: stamps of one clock only grow, however the wall clock jumps, and a restart never goes back", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 2, maxLength: 50 }), (times) => {
      const now = [0];
      const clock = clockAt(now);
      let last = "";
      for (const time of times) {
        now[0] = time;
        const stamp = clock.next();
        expect(stamp > last).toBe(true);
        last = stamp;
      }
      expect(clockAt([0], { highest: last }).next() > last).toBe(true);
    }),
  );
});

test("T1: the counter spills into the milliseconds", () => {
  const clock = clockAt([1_000], { highest: formatStamp(1_000, 0xffff, "us") });
  expect(clock.next()).toBe(formatStamp(1_001, 0, "us"));
});

test("T2: a stamp within the bound is followed, one beyond it moves nothing", () => {
  const clock = clockAt([10_000]);
  expect(clock.witness(formatStamp(14_000, 7, "eu"))).toBe(true);
  expect(clock.next()).toBe(formatStamp(14_000, 8, "us"));
  expect(clock.witness(formatStamp(3_610_000, 0, "eu"))).toBe(false);
  expect(clock.next()).toBe(formatStamp(14_000, 8 + LIVES, "us"));
});

test("T1: lives that follow each other make no stamp twice, though they are led to the same moments", () => {
  const moment = fc.record({ time: fc.integer({ min: 0, max: 3 }), counter: fc.constantFrom(0, 1, 7, 8, 0xfff7, 0xffff) });
  fc.assert(
    fc.property(fc.array(fc.array(moment, { maxLength: 8 }), { maxLength: LIVES }), (lives) => {
      const made = lives.flatMap((moments, life) => {
        const clock = clockAt([0], { life });
        return moments.map(({ time, counter }) => {
          const led = formatStamp(time, counter, "eu");
          clock.witness(led);
          const stamp = clock.next();
          expect(stamp > led).toBe(true);
          return stamp;
        });
      });
      expect(new Set(made).size).toBe(made.length);
    }),
  );
});
