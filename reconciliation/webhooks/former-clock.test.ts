import { expect, test } from "vitest";
import { healthNotAhead, notAhead } from "./former-clock.ts";

const NOW = 1_700_000_000_000;
const waiting = {
  id: "m",
  channel: "c",
  kind: "message.sent",
  row: "r",
  tries: 2,
  madeMs: NOW - 1_000,
  triedMs: NOW - 500,
  dueMs: NOW + 4_500,
};
const health = { failures: 3, pausedUntilMs: NOW + 2_000, recoveredMs: NOW - 9_000, last: [] };

test("what a sane clock kept stays as it is", () => {
  expect([notAhead(waiting, NOW), healthNotAhead(health, NOW)]).toEqual([waiting, health]);
  expect(healthNotAhead(health, NOW)).toBe(health);
});

test("what was tried a minute ahead of now is due as long after now as it was to be after its last try", () => {
  const then = NOW - 60_000;
  expect(notAhead(waiting, then)).toEqual({ ...waiting, madeMs: then - 500, triedMs: then, dueMs: then + 5_000 });
});

test("a receiver is not left alone for an hour because a clock was one ahead, nor asked without a pause until it is past", () => {
  const hour = 3_600_000;
  const ahead = { ...health, pausedUntilMs: NOW + hour, recoveredMs: NOW + hour };
  expect(healthNotAhead(ahead, NOW)).toEqual({ ...health, pausedUntilMs: NOW + 300_000, recoveredMs: NOW });
});
