import fc from "fast-check";
import { expect, test } from "vitest";
import { LIMITS } from "../../core/limits.ts";
import { CommandFrame, toCommand } from "./commands.ts";
import { ClientFrame } from "./frames-in.ts";
import { parse } from "./parse.ts";
import { readCommand, readFrame } from "./plain-frames.ts";

type Outcome = { readonly value: unknown } | { readonly refusal: unknown };
function outcome(read: () => unknown): Outcome {
  try {
    return { value: read() };
  } catch (refusal) {
    return { refusal };
  }
}

/** Right, nearly right, and anything. */
const oneOf = (right: unknown, ...others: readonly unknown[]) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(right) },
    { weight: 4, arbitrary: fc.constantFrom(...others) },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
const stamp = "0199c3a4e2b1-0003-us";
const text = oneOf(
  "Good morning",
  "",
  "é",
  "x".repeat(LIMITS.bodyBytes),
  "x".repeat(LIMITS.bodyBytes + 1),
  "€".repeat(LIMITS.bodyBytes / 3 + 1),
);
const command = fc.record(
  {
    id: oneOf("7d5f", "", "two words", "k".repeat(128), "k".repeat(129), "ü"),
    kind: oneOf("message.send", "message.delete", "none"),
    channel: oneOf("chn_us_0123", "general", "", "a b", "c".repeat(128), "c".repeat(129)),
    body: text,
    thread: oneOf(null, "msg_us_0123", "", "a b"),
    metadata: oneOf({ a: 1 }, null, "text", "m".repeat(LIMITS.metadataBytes)),
    seen: oneOf(stamp, "", "0199c3a4e2b1-0003-"),
    unknown: fc.jsonValue(),
  },
  { requiredKeys: ["id", "kind", "channel"] },
);
const frame = fc.record(
  {
    type: oneOf("command", "ping", "none"),
    id: oneOf("q1", 7, 0.5, "", "i".repeat(128), "i".repeat(129)),
    command: fc.oneof({ weight: 4, arbitrary: command }, fc.jsonValue()),
    unknown: fc.jsonValue(),
  },
  { requiredKeys: ["type"] },
);
const RUNS = { numRuns: 600 };

test("a frame read by hand is what its schema makes of it, and is refused with the same words", () => {
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: frame }, fc.jsonValue()), (value) => {
      expect(outcome(() => readFrame(value))).toEqual(outcome(() => parse(ClientFrame, value)));
    }),
    RUNS,
  );
});

test("so is a command", () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: command }, fc.jsonValue()), (value) => {
      const read = outcome(() => readCommand(value));
      expect(read).toEqual(outcome(() => toCommand(parse(CommandFrame, value))));
      if ("value" in read) {
        taken += 1;
        // Absent fields are absent, and not there with nothing in them.
        expect(Object.keys(read.value as object).sort()).toEqual(Object.keys(toCommand(parse(CommandFrame, value))).sort());
      }
    }),
    RUNS,
  );
  expect(taken).toBeGreaterThan(5);
});
