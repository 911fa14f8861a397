import { describe, expect, test } from "vitest";
import { ClockWatch } from "./clock-watch.ts";

const HOUR = 3_600_000;
const seeing = (offsets: Readonly<Record<string, number>>, { rttMs = 20, times = 3 } = {}): ClockWatch => {
  const watch = new ClockWatch({ nowMs: () => 0 });
  for (let time = 0; time < times; time += 1)
    watch.observe(new Map(Object.entries(offsets).map(([peer, offsetMs]) => [peer, { offsetMs, rttMs }])));
  return watch;
};

describe("T2, H8: whose clock is wrong", () => {
  test("three regions, eu an hour ahead: eu is red, the others see it and stay green", () => {
    const us = seeing({ eu: HOUR, ap: 3 });
    expect([us.sane(), us.alarm, us.skewMs, us.peerAlarm("eu"), us.peerAlarm("ap")]).toEqual([true, false, -3, true, false]);
    const eu = seeing({ us: -HOUR, ap: -HOUR + 3 });
    expect([eu.sane(), eu.alarm, eu.skewMs]).toEqual([false, true, HOUR - 3]);
    expect([eu.peerAlarm("us"), eu.peerAlarm("ap")]).toEqual([false, false]);
  });

  test("two regions: both raise the alarm, neither turns red", () => {
    for (const offset of [HOUR, -HOUR, 700]) {
      const watch = seeing({ eu: offset });
      expect([watch.alarm, watch.sane(), watch.skewMs]).toEqual([true, true, -offset]);
    }
  });

  test("four regions, two against two: alarm, and nobody is red; three against one: the one is red", () => {
    expect([seeing({ b: 0, c: HOUR, d: HOUR }).alarm, seeing({ b: 0, c: HOUR, d: HOUR }).sane()]).toEqual([true, true]);
    expect(seeing({ b: -HOUR, c: -HOUR, d: -HOUR }).sane()).toBe(false);
    expect(seeing({ b: HOUR, c: 0, d: 0 }).alarm).toBe(false);
  });

  test("what the way there and back leaves open accuses nobody", () => {
    expect(seeing({ eu: -600, ap: -600 }, { rttMs: 250 }).sane()).toBe(true);
    expect(seeing({ eu: -600, ap: -600 }, { rttMs: 100 }).sane()).toBe(false);
  });

  test("three times in a row, and three times to be well again", () => {
    expect(seeing({ us: -HOUR, ap: -HOUR }, { times: 2 }).sane()).toBe(true);
    const watch = seeing({ us: -HOUR, ap: -HOUR });
    const well = new Map([["us", { offsetMs: 0, rttMs: 20 }]]);
    watch.observe(well);
    watch.observe(well);
    expect(watch.sane()).toBe(false);
    watch.observe(well);
    expect(watch.sane()).toBe(true);
  });

  test("alone, a region believes itself", () => {
    expect([seeing({}).sane(), seeing({}).alarm, seeing({}).skewMs]).toEqual([true, false, 0]);
  });
});
