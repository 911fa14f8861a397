import { describe, expect, test } from "vitest";
import { compareHistory, percentile, ReaderLedger } from "./ledger.ts";
import { changeOf, parseCut } from "./plan.ts";
import { homesOf } from "./recording.ts";

const REGIONS = [
  { name: "us", url: "", ws: "", latitude: 39, longitude: -77 },
  { name: "eu", url: "", ws: "", latitude: 50, longitude: 9 },
  { name: "ap", url: "", ws: "", latitude: 1, longitude: 104 },
];
const delivered = (over: Partial<Parameters<ReaderLedger["take"]>[0]>) => ({
  command: "c1",
  position: "us.1.1.0",
  author: "ana",
  channel: "one",
  origin: "us",
  nth: 1,
  ...over,
});

describe("--cut", () => {
  test("names a region, when, and for how long", () => {
    expect(parseCut("us@3s+5s", ["us", "eu"])).toEqual({ regions: ["us"], startMs: 3_000, lengthMs: 5_000 });
    expect(parseCut("us-eu@1m+250ms", ["us", "eu"])).toEqual({ regions: ["us", "eu"], startMs: 60_000, lengthMs: 250 });
  });
  test.each(["us", "us@3s", "us@3+5", "xx@3s+5s", "us-xx@3s+5s"])("%s is refused with the form that is right", (text) => {
    expect(() => parseCut(text, ["us", "eu"])).toThrow(/--cut/);
  });
});

test("the share of changed messages is the share asked for, and always the same messages", () => {
  const changed = Array.from({ length: 1_000 }, (_, nth) => changeOf(nth, 0.05)).filter((change) => change !== undefined);
  expect(changed.length).toBe(50);
  expect(new Set(changed)).toEqual(new Set(["edit", "delete", "react"]));
  expect(changeOf(3, 0)).toBeUndefined();
});

test("a user writes in the region nearest to their UTC offset", () => {
  const homes = homesOf(["nobody-knows"], undefined, REGIONS);
  expect(REGIONS.map(({ name }) => name)).toContain(homes.get("nobody-knows"));
});

describe("a reader's stream", () => {
  test("twice the same position is a duplicate", () => {
    const ledger = new ReaderLedger();
    ledger.take(delivered({}));
    ledger.take(delivered({}));
    expect([ledger.duplicated, ledger.outOfOrder]).toEqual([1, 0]);
  });
  test("L5: an author's messages out of the author's order are seen, but only within one channel and accepting region", () => {
    const ledger = new ReaderLedger();
    ledger.take(delivered({ nth: 5 }));
    ledger.take(delivered({ position: "eu.1.1.0", origin: "eu", nth: 2 }));
    ledger.take(delivered({ position: "us.1.2.0", channel: "two", nth: 3 }));
    expect(ledger.outOfOrder).toBe(0);
    ledger.take(delivered({ position: "us.1.3.0", nth: 4 }));
    expect(ledger.outOfOrder).toBe(1);
  });
  test("what never came is missing", () => {
    const ledger = new ReaderLedger();
    ledger.take(delivered({}));
    expect(ledger.missing(["c1", "c2"])).toBe(1);
  });
});

test("a history is compared with what was accepted: missing is lost, twice is duplicated", () => {
  expect(compareHistory(new Set(["a", "b"]), ["a", "a"])).toEqual({ lost: 1, duplicated: 1 });
  expect(percentile([5, 1, 3], 0.5)).toBe(3);
});

test("T3: what two cut-off regions accepted as twins is one message, whichever of them its author was answered by", () => {
  const identity = "0123456789abcdefghjkmnpqrs";
  const twin = (region: string): string => `msg_${region}_${identity}`;
  expect(compareHistory(new Set([twin("us")]), [twin("eu")])).toEqual({ lost: 0, duplicated: 0 });
  expect(compareHistory(new Set([twin("us")]), [twin("eu"), twin("us")])).toEqual({ lost: 0, duplicated: 1 });
});
