import fc from "fast-check";
import { expect, test } from "vitest";
import { Refusal } from "../core/errors.ts";
import { decodeCursor, encodeCursor, placeOf, plainCursor } from "./cursor.ts";

const point = fc.record({ epoch: fc.nat(99), sequence: fc.nat(1e12), place: fc.nat(999_999) });
const vector = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), point, { maxKeys: 4 });
const channel = fc.oneof(fc.constant("@"), fc.stringMatching(/^[0-9a-z]{26}$/));

test("L4: a cursor says after its journey what it said before", () => {
  fc.assert(
    fc.property(vector, fc.dictionary(channel, vector, { maxKeys: 6 }), (base, exceptions) => {
      const cursor = { base, channels: new Map(Object.entries(exceptions)) };
      const back = decodeCursor(encodeCursor(cursor));
      expect({ ...back.base }).toEqual({ ...base });
      for (const one of ["@", ...Object.keys(exceptions)]) expect({ ...placeOf(back, one) }).toEqual({ ...placeOf(cursor, one) });
    }),
  );
});

test("L4: a cursor is taken in its own mesh and refused in another; one that names no mesh is taken anywhere", () => {
  const cursor = plainCursor({ us: { epoch: 1, sequence: 7, place: 0 } });
  expect(decodeCursor(encodeCursor(cursor, "k3x9"), "k3x9").base).toEqual(cursor.base);
  expect(decodeCursor(encodeCursor(cursor), "k3x9").base).toEqual(cursor.base);
  expect(() => decodeCursor(encodeCursor(cursor, "k3x9"), "other")).toThrow(/of another mesh/);
});

test("anything else is refused as invalid, never thrown as something else", () => {
  const real = encodeCursor(plainCursor({ us: { epoch: 1, sequence: 7, place: 0 } }));
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string().map((text) => Buffer.from(text).toString("base64url")),
    fc.string().map((text) => Buffer.from(`1;us.1.7.0;${text}`).toString("base64url")),
    fc.nat(real.length - 1).map((at) => `${real.slice(0, at)}~${real.slice(at + 1)}`),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        decodeCursor(text);
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal);
        expect((error as Refusal).code).toBe("invalid");
      }
    }),
    { numRuns: 2_000 },
  );
  expect(() => decodeCursor("x".repeat(60_000))).toThrow(Refusal);
  expect(() => decodeCursor(Buffer.from("1;__proto__.1.1.1").toString("base64url"))).toThrow(Refusal);
});
