import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";

test.each([
  ["250ms", 250],
  ["20s", 20_000],
  ["1.5m", 90_000],
  ["+1h", 3_600_000],
  ["-2h", -7_200_000],
  ["7d", 604_800_000],
])("%s is %i ms", (text, durationMs) => expect(parseDuration(text)).toBe(durationMs));

test.each(["", "20", "s", "1 s", "1h30m", "--1s", "1y", "NaNs", "1e3s"])("%j is no length of time", (text) =>
  expect(parseDuration(text)).toBeUndefined(),
);

test("lengths are told in the unit that fits", () => {
  expect([80, 1_500, 180_000, 3_599_999, -3_600_000, 172_800_000].map(formatDuration)).toEqual(["80ms", "1.5s", "3m", "1h", "-1h", "2d"]);
});
