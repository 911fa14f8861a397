/** How far a region may call its time closed, over its lives (H6). */
import { expect, test } from "vitest";
import { type Stamp, stampTimeMs } from "../core/stamp.ts";
import { ClosedPromise } from "./closed-promise.ts";

const T0 = Date.UTC(2026, 0, 5, 10);

function promising(landed: () => boolean) {
  const kept: Stamp[] = [];
  const promise = new ClosedPromise({ region: "us", kept: undefined, landed, keep: (next) => void kept.push(next) });
  return { promise, kept };
}

test("H6: only what the store holds is promised, and the next life begins above it", () => {
  const { promise, kept } = promising(() => true);
  expect(promise.upTo(T0)).toBe(0);
  promise.committing();
  expect(promise.upTo(T0)).toBe(0);
  promise.committed();
  expect(promise.upTo(T0)).toBe(T0);
  expect(promise.upTo(T0 + 60_000)).toBe(stampTimeMs(kept[0] ?? "") - 1);
});

test("H6: while what a killed life had on its way may still land, nothing is promised, and nothing is kept for it", () => {
  let landed = false;
  const { promise, kept } = promising(() => landed);
  expect([promise.upTo(T0), kept]).toEqual([0, []]);
  landed = true;
  promise.upTo(T0);
  promise.committing();
  promise.committed();
  expect(promise.upTo(T0)).toBe(T0);
});
