import { expect, test } from "vitest";
import { stateStoreContract } from "../../core/ports/state-store.contract.ts";
import type { TableWrite } from "../../core/ports/state-store.ts";
import { openMemoryStore } from "./memory-store.ts";

stateStoreContract("memory", async () => {
  const store = openMemoryStore();
  return {
    open: async () => {
      store.reopen();
      return store;
    },
    wipe: async () => {},
  };
});

const fact = (key: string, value: unknown): TableWrite => ({ table: "facts", key, value });

/** A disk that makes commits durable when told. */
function slowDisk() {
  const waiting: ((refusal?: Error) => void)[] = [];
  return { waiting, store: openMemoryStore({ durable: (run) => void waiting.push(run) }) };
}

test("L2: a crash forgets the commits that were not durable, and only those", async () => {
  const { store, waiting } = slowDisk();
  const first = store.commit([fact("k", 1)]);
  let resolved = false;
  void store.commit([fact("k", 2)]).then(() => {
    resolved = true;
  });
  waiting.shift()?.();
  await first;
  store.crash();
  waiting.shift()?.();
  const next = store.commit([fact("after", 1)]);
  waiting.shift()?.();
  await next;
  expect([store.get("facts", "k"), store.get("facts", "after"), resolved]).toEqual([1, 1, false]);
});

test("a disk that refuses rejects the commit and changes nothing; the next one goes through", async () => {
  const { store, waiting } = slowDisk();
  const refused = store.commit([fact("a", 1), fact("b", 1)]);
  const taken = store.commit([fact("b", 2)]);
  waiting.shift()?.(new Error("no space left on device"));
  waiting.shift()?.();
  await expect(refused).rejects.toThrow("no space left");
  await taken;
  expect([store.get("facts", "a"), store.get("facts", "b")]).toEqual([undefined, 2]);
});

test("closing waits for the commits in flight", async () => {
  const { store, waiting } = slowDisk();
  const commit = store.commit([fact("k", 1)]);
  const closed = store.close().then(() => "closed");
  expect(await Promise.race([closed, Promise.resolve("open")])).toBe("open");
  waiting.shift()?.();
  await commit;
  expect(await closed).toBe("closed");
});

test("what was read from the store is shared, not copied again, when it is written back", async () => {
  const store = openMemoryStore();
  await store.commit([fact("register", { entries: [{ n: 1 }] })]);
  const { entries } = store.get("facts", "register") as { entries: readonly object[] };
  await store.commit([fact("register", { entries: [...entries, { n: 2 }] })]);
  const grown = store.get("facts", "register") as { entries: readonly object[] };
  expect(grown.entries[0]).toBe(entries[0]);
  expect(grown.entries).toEqual([{ n: 1 }, { n: 2 }]);
});
