/** Memory over the store reads as one, before, during and after a commit, and after one that was refused (H4, H13). */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { KeyRange, StateStore, TableWrite } from "../core/ports/state-store.ts";
import { WorkingSet } from "./working-set.ts";

/** A store whose commits wait until the test lets them through. */
class SlowStore implements StateStore {
  readonly rows = new Map<string, unknown>();
  #waiting: ((refuse: boolean) => void) | undefined;

  get(_: string, key: string): never {
    return this.rows.get(key) as never;
  }
  *range(_: string, { from, to, reverse, limit }: KeyRange): Iterable<readonly [string, never]> {
    const found = [...this.rows].filter(([key]) => key >= from && key < to).sort(([a], [b]) => (a < b ? -1 : 1) * (reverse ? -1 : 1));
    for (const row of found.slice(0, limit)) yield row as [string, never];
  }
  commit(writes: readonly TableWrite[]): Promise<void> {
    return new Promise((done, fail) => {
      this.#waiting = (refuse) => {
        if (refuse) return fail(new Error("no space left on device"));
        for (const { key, value } of writes)
          if (value === undefined) this.rows.delete(key);
          else this.rows.set(key, value);
        done();
      };
    });
  }
  async let(refuse: boolean): Promise<void> {
    this.#waiting?.(refuse);
    this.#waiting = undefined;
    await Promise.resolve();
  }
  snapshot(): never {
    throw new Error("not asked here");
  }
  async close(): Promise<void> {}
}

/** Rows of some are remembered once they were read, also that they were not there. */
const table = fc.constantFrom("timeline" as const, "commands" as const, "registers" as const);
const key = fc.constantFrom("a", "b", "c", "d", "e");
const step = fc.oneof(
  fc.record({ do: fc.constant("put" as const), key, value: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }) }),
  fc.record({ do: fc.constantFrom("commit" as const, "let" as const, "refuse" as const) }),
);

test("L2: what is read is what was put last, whatever became of the commits", async () => {
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.array(step, { maxLength: 40 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 6 }),
      async (rows, steps, reverse, limit) => {
        const store = new SlowStore();
        const set = new WorkingSet(store);
        const model = new Map<string, number>();
        for (const one of steps) {
          if (one.do === "put") {
            set.put(rows, one.key, one.value as never);
            if (one.value === undefined) model.delete(one.key);
            else model.set(one.key, one.value);
          } else if (one.do === "commit") void set.commit().catch(() => {});
          else await store.let(one.do === "refuse");
          const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1) * (reverse ? -1 : 1)).slice(0, limit);
          expect([...set.range(rows, { from: "", to: "z", reverse, limit })]).toEqual(expected);
          for (const name of ["a", "b", "c"]) expect(set.get(rows, name)).toBe(model.get(name));
        }
      },
    ),
    { numRuns: 300 },
  );
});
