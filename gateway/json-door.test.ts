import fc from "fast-check";
import { expect, test } from "vitest";
import { Refusal } from "../core/errors.ts";
import { jsonFromBytes, jsonFromText } from "./json-door.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const refused = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return (error as Refusal).code;
  }
  return "accepted";
};

test.each([
  ["broken JSON", '{"a":"x"'],
  ["nothing", ""],
  ["a NUL in a string", '{"a":"a\0b"}'],
  ["an escaped NUL", '{"a":"a\\u0000b"}'],
  ["an escaped bell", '{"a":"\\u0007"}'],
  ["a carriage return", '{"a":"x\\ry"}'],
  ["a C1 control", '{"a":"\\u0085"}'],
  ["a lone high surrogate", '{"a":"\\ud800"}'],
  ["a lone low surrogate", '{"a":"\\udc00x"}'],
  ["a control character in a key", '{"a\\u0001":1}'],
  ["__proto__", '{"__proto__":{"a":1}}'],
  ["constructor deep inside", '{"a":[{"constructor":{"prototype":{}}}]}'],
  ["prototype", '{"prototype":1}'],
  ["an infinite number", '{"a":1e999}'],
  ["an integer beyond 2^53", '{"a":9007199254740993}'],
  ["33 levels", `${"[".repeat(33)}${"]".repeat(33)}`],
  ["100,000 levels", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ["100,000 levels of objects, never closed", '{"a":'.repeat(100_000)],
])("%s is invalid", (_what, text) => {
  expect(refused(() => jsonFromBytes(bytes(text)))).toBe("invalid");
});

test("bytes that are not UTF-8 are invalid", () => {
  expect(refused(() => jsonFromBytes(Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])))).toBe("invalid");
});

test("tab, newline, emoji and 32 levels are taken; text leaves in NFC", () => {
  expect(jsonFromText('{"a":"x\\ty\\n👍🏽"}')).toEqual({ a: "x\ty\n👍🏽" });
  expect(jsonFromText(`${"[".repeat(32)}${"]".repeat(32)}`)).toBeDefined();
  expect(jsonFromText('{"e\\u0301":"e\\u0301"}')).toEqual({ "\u00e9": "\u00e9" });
});

test("brackets inside strings are no depth", () => {
  expect(jsonFromText(JSON.stringify({ a: `\\"${"[".repeat(500)}` }))).toEqual({ a: `\\"${"[".repeat(500)}` });
});

test("whatever bytes come, the answer is a value or a refusal", () => {
  const mutated = fc.tuple(fc.json(), fc.nat(200), fc.nat(255)).map(([text, at, byte]) => {
    const all = bytes(text);
    if (all.length > 0) all[at % all.length] = byte;
    return all;
  });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (input) => {
      try {
        jsonFromBytes(input);
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal);
      }
    }),
    { numRuns: 3_000 },
  );
});
