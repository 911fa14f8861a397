/** What every state store promises, in the port's own sentences. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { KeyRange, StateStore, TableName, TableReader, TableWrite } from "./state-store.ts";
import { keysUnder } from "./state-store.ts";

/** One disk: opened, closed and opened again. */
export interface StoreDisk {
  open(): Promise<StateStore>;
  wipe(): Promise<void>;
}

const fact = (key: string, value: unknown): TableWrite => ({ table: "facts", key, value });
const facts = (reader: TableReader, range: KeyRange) => [...reader.range("facts", range)].map(([key]) => key);
const ALL: KeyRange = { from: " ", to: "\u{7f}" };

export function stateStoreContract(name: string, makeDisk: () => Promise<StoreDisk>): void {
  describe(`state store: ${name}`, () => {
    let disk: StoreDisk;
    let store: StateStore;
    beforeEach(async () => {
      disk = await makeDisk();
      store = await disk.open();
    });
    afterEach(async () => {
      await store.close();
      await disk.wipe();
    });

    test("a row is read back as plain JSON: nested, null, without undefined fields, cut off from its writer", async () => {
      const value = { a: [1, { b: null }], c: "é😀", d: undefined, e: "", f: 0.5, g: false };
      await store.commit([fact("one", value)]);
      value.a = [];
      const read = store.get("facts", "one");
      expect(read).toEqual({ a: [1, { b: null }], c: "é😀", e: "", f: 0.5, g: false });
      expect(Object.keys(read as object)).not.toContain("d");
    });

    test("people's JSON comes back to the letter, also where a codec would trip", async () => {
      const odd: unknown = JSON.parse('{"__proto__":{"x":1},"half":"\\ud83d","zero":0,"big":9007199254740991}');
      await store.commit([fact("odd", odd)]);
      expect(JSON.stringify(store.get("facts", "odd"))).toBe(JSON.stringify(odd));
    });

    test("a missing row is undefined; a row that holds null is null", async () => {
      await store.commit([fact("null", null)]);
      expect([store.get("facts", "missing"), store.get("facts", "null")]).toEqual([undefined, null]);
    });

    test("tables do not see each other's keys", async () => {
      await store.commit([fact("k", 1), { table: "timeline", key: "k", value: "two" }]);
      await store.commit([fact("k", undefined)]);
      expect([store.get("facts", "k"), store.get("timeline", "k")]).toEqual([undefined, "two"]);
    });

    test("writes of one commit apply in the order given", async () => {
      await store.commit([fact("k", 1), fact("k", undefined), fact("k", 3), fact("gone", 1), fact("gone", undefined)]);
      expect([store.get("facts", "k"), store.get("facts", "gone")]).toEqual([3, undefined]);
    });

    test("commits apply in the order asked, without waiting for one another", async () => {
      await Promise.all(Array.from({ length: 50 }, (_, n) => store.commit([fact("last", n), fact(`n${n}`, n)])));
      expect(store.get("facts", "last")).toBe(49);
      expect(facts(store, keysUnder("n"))).toHaveLength(50);
    });

    test("a range begins at `from`, ends before `to`, in order of code units; reverse and limit count from its other end", async () => {
      const keys = ["a", "a-b", "a.b", "aB", "a|", "a|1", "a|10", "a|2", "a}", "b", "~"];
      await store.commit(keys.toReversed().map((key) => fact(key, key)));
      expect(facts(store, ALL)).toEqual([...keys].sort());
      expect(facts(store, { from: "a|", to: "a|2" })).toEqual(["a|", "a|1", "a|10"]);
      expect(facts(store, { from: "a|", to: "b", reverse: true })).toEqual(["a}", "a|2", "a|10", "a|1", "a|"]);
      expect(facts(store, { from: "a|", to: "b", reverse: true, limit: 2 })).toEqual(["a}", "a|2"]);
      expect(facts(store, { from: "a", to: "z", limit: 1 })).toEqual(["a"]);
      expect(facts(store, { from: "a", to: "z", limit: 0 })).toEqual([]);
      expect([facts(store, { from: "b", to: "b" }), facts(store, { from: "c", to: "b" })]).toEqual([[], []]);
      expect(facts(store, keysUnder("a|"))).toEqual(["a|", "a|1", "a|10", "a|2"]);
    });

    test("a snapshot sees one moment in every table, whatever is committed after it", async () => {
      await store.commit([fact("k", 1), fact("old", 1)]);
      const before = store.snapshot();
      await store.commit([fact("k", 2), fact("old", undefined), fact("new", 1), { table: "timeline", key: "t", value: "x" }]);
      expect([before.get("facts", "k"), facts(before, ALL), before.get("timeline", "t")]).toEqual([1, ["k", "old"], undefined]);
      expect([store.get("facts", "k"), facts(store, ALL)]).toEqual([2, ["k", "new"]]);
      const after = store.snapshot();
      expect(after.get("facts", "k")).toBe(2);
      before.close();
      after.close();
      before.close();
      expect(() => before.get("facts", "k")).toThrow("closed");
    });

    test("what was committed is there when the store is opened again", async () => {
      await store.commit([fact("k", 1), { table: "timeline", key: "t", value: "x" }]);
      await store.close();
      await expect(store.commit([fact("k", 2)])).rejects.toThrow("closed");
      expect(() => store.get("facts", "k")).toThrow("closed");
      store = await disk.open();
      expect([store.get("facts", "k"), store.get("timeline", "t")]).toEqual([1, "x"]);
    });

    test("long keys and rows of a megabyte fit", async () => {
      const key = `x${"k".repeat(900)}`;
      const text = "v".repeat(1_000_000);
      await store.commit([fact(key, text)]);
      expect([store.get("facts", key), facts(store, keysUnder("x"))]).toEqual([text, [key]]);
    });

    test("any commits and reads agree with a plain map that is sorted each time", async () => {
      const key = fc.stringMatching(/^[a-c|.~-]{1,4}$/);
      const table = fc.constantFrom<TableName>("facts", "timeline");
      const write = fc.record({ table, key, value: fc.option(fc.string(), { nil: undefined }) });
      const range = fc.record({ from: key, to: key, reverse: fc.boolean(), limit: fc.option(fc.nat(6), { nil: undefined }) });
      const step = fc.record({ writes: fc.array(write, { maxLength: 40 }), table, range });
      const model = new Map<string, string>();
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
          for (const { writes, table, range } of steps) {
            await store.commit(writes as TableWrite[]);
            for (const { table, key, value } of writes)
              value === undefined ? model.delete(`${table}/${key}`) : model.set(`${table}/${key}`, value);
            const { limit, ...ends } = range;
            const asked = limit === undefined ? ends : range;
            expect([...store.range(table, asked as KeyRange)]).toEqual(expected(model, table, asked as KeyRange));
          }
        }),
        { numRuns: 60 },
      );
    });
  });
}

function expected(
  model: ReadonlyMap<string, string>,
  table: string,
  { from, to, reverse, limit }: KeyRange,
): (readonly [string, string])[] {
  const rows = [...model]
    .filter(([path]) => path.startsWith(`${table}/`))
    .map(([path, value]) => [path.slice(table.length + 1), value] as const)
    .filter(([key]) => key >= from && key < to)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (reverse) rows.reverse();
  return rows.slice(0, limit);
}
