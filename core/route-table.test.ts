import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRoutes, encodeRoutes } from "./route-snapshot.ts";
import { type RouteTable, RouteTableBuilder } from "./route-table.ts";

const MARK = { change: 7, is: "us.1.4.0" };
const user = fc.integer({ min: 0, max: 9 }).map((n) => `user${n}`);
const channel = fc.integer({ min: 0, max: 9 }).map((n) => `channel${n}`);
const pair = fc.tuple(user, channel);
const change = fc.tuple(user, channel, fc.boolean());

function built(pairs: readonly (readonly [string, string])[]): RouteTable {
  const builder = new RouteTableBuilder();
  for (const [one, of] of pairs) builder.add(one, of);
  return builder.build();
}
const contentOf = (table: RouteTable): readonly string[] =>
  Array.from({ length: table.userCount }, (_, number) => table.userAt(number) ?? "")
    .flatMap((one) => table.channelsOf(one).map((of) => `${one} ${of}`))
    .sort();

test("a table says what a set of pairs would, whatever the order, repetition and changes, and so does its snapshot", () => {
  fc.assert(
    fc.property(fc.array(pair), fc.array(change), (pairs, changes) => {
      const table = built(pairs);
      const model = new Set(pairs.map(([one, of]) => `${one} ${of}`));
      for (const [one, of, isMember] of changes) {
        const key = `${one} ${of}`;
        expect(table.set(one, of, isMember)).toBe(model.has(key) !== isMember);
        if (isMember) model.add(key);
        else model.delete(key);
        expect(table.has(one, of)).toBe(isMember);
      }
      const read = decodeRoutes(encodeRoutes(table, MARK));
      expect(read?.mark).toEqual(MARK);
      for (const one of [table, read!.table]) expect(contentOf(one)).toEqual([...model].sort());
    }),
  );
});

test("its entries are counted as they come and go", () => {
  const table = built([
    ["ana", "x"],
    ["ana", "y"],
    ["ben", "x"],
  ]);
  expect(table.entries).toBe(3);
  table.set("ana", "y", false);
  table.set("eve", "z", true);
  table.set("eve", "z", true);
  expect([table.entries, table.version]).toEqual([3, 2]);
  expect(table.channelsOf("nobody")).toEqual([]);
});

test("D11: a snapshot that is not whole, or of another version, is no table", () => {
  const bytes = encodeRoutes(built([["ana", "x"]]), MARK);
  expect(decodeRoutes(bytes)).toBeDefined();
  for (let at = 0; at < bytes.length; at += 1) expect(decodeRoutes(bytes.subarray(0, at))).toBeUndefined();
  for (let at = 0; at < bytes.length; at += 1) {
    const flipped = Uint8Array.from(bytes);
    flipped[at]! ^= 1;
    expect(decodeRoutes(flipped)).toBeUndefined();
  }
  expect(decodeRoutes(new Uint8Array())).toBeUndefined();
});

test("an empty table has a snapshot too", () => {
  expect(contentOf(decodeRoutes(encodeRoutes(built([]), MARK))!.table)).toEqual([]);
});
