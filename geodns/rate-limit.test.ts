import { expect, test } from "vitest";
import { RateLimit } from "./rate-limit.ts";

const SOURCE = Uint8Array.from([192, 0, 2, 1]);
const answeredOf = (limits: readonly RateLimit[], queries: number): number =>
  Array.from({ length: queries }, (_, i) => limits[i % limits.length]!.take(SOURCE)).filter((verdict) => verdict === "answer").length;

test("processes that answer together give one network what one process alone would, whatever the shares", () => {
  for (const shares of [[1], [0.5, 0.5], [0.7, 0.2, 0.1]]) {
    let nowMs = 0;
    const limits = shares.map((share) => Object.assign(new RateLimit({ perSecond: 100, nowMs: () => nowMs }), { share }));
    expect(answeredOf(limits, 3_000)).toBe(100);
    nowMs += 1_000;
    expect(answeredOf(limits, 3_000)).toBe(100);
  }
});

test("a share that becomes smaller takes away at once what was saved up for more", () => {
  const limit = new RateLimit({ perSecond: 100, nowMs: () => 0 });
  expect(limit.take(SOURCE)).toBe("answer");
  limit.share = 0.1;
  expect(answeredOf([limit], 100)).toBe(10);
});
