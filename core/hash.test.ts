import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hmac256, sha256 } from "./hash.ts";

const letters = fc.string({ unit: fc.constantFrom("a", "7", "\n", "é", "€", "\u{1f600}", "\ud800"), maxLength: 200 });
const byNode = (key: string, text: string): string => createHmac("sha256", key).update(text).digest("hex");

test("an HMAC is the one that everybody computes, whatever key and text", () => {
  const key = fc.oneof(fc.string().map(sha256), letters, fc.string({ minLength: 64, maxLength: 64 }));
  fc.assert(
    fc.property(key, letters, (secret, text) => {
      expect(hmac256(secret, text)).toBe(byNode(secret, text));
    }),
  );
});

test("so it is for texts about as long as what is written over, of one byte a character and of three", () => {
  const key = sha256("a key");
  for (const letter of ["a", "€", "\ud83d\ude00"])
    for (const length of [0, 1, 63, 64, 65, 2_729, 2_730, 2_731, 2_732, 8_191, 8_192, 8_193, 70_000]) {
      const text = letter.repeat(length);
      expect(hmac256(key, text)).toBe(byNode(key, text));
    }
});
