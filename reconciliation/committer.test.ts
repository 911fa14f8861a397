/** From memory into the store: soon, in order, and through a disk that refuses (H13, L2). */
import { beforeEach, expect, test } from "vitest";
import type { StateStore } from "../core/ports/state-store.ts";
import { openMemoryStore } from "../regions/embedded/memory-store.ts";
import { Committer } from "./committer.ts";
import { VirtualTime } from "./links.test-model.ts";
import { WorkingSet } from "./working-set.ts";

let time: VirtualTime;
let disk: { full: boolean; slowMs: number };
let store: StateStore;
let tables: WorkingSet;
let committer: Committer;
let told: string[];

beforeEach(() => {
  time = new VirtualTime();
  disk = { full: false, slowMs: 0 };
  const answer = (run: (refusal?: Error) => void): void => run(disk.full ? new Error("no space left on device") : undefined);
  store = openMemoryStore({
    durable: (run) => {
      if (disk.slowMs === 0) answer(run);
      else time.after(disk.slowMs, () => answer(run));
    },
  });
  tables = new WorkingSet(store);
  told = [];
  committer = new Committer({
    tables,
    timers: time,
    before: () => tables.put("facts", "highest", "stamp"),
    refused: (cause) => told.push(String(cause)),
    committed: (_, rows) => told.push(`${rows} rows`),
  });
});
/** One event's worth of rows: what it did, and where it stood. */
function apply(sequence: number): void {
  tables.put("timeline", `row ${sequence}`, String(sequence));
  tables.put("positions", "us", { epoch: 1, sequence, place: 0 });
  committer.soon();
}
const inStore = (): readonly (number | undefined)[] => [
  store.get("positions", "us")?.sequence,
  [...store.range("timeline", { from: "", to: "\u{7f}" })].length,
];

test("rows wait a little for company and go in one commit, with the facts beside them", async () => {
  for (let n = 1; n <= 10; n += 1) apply(n);
  expect(inStore()).toEqual([undefined, 0]);
  await time.pass(200);
  expect([inStore(), store.get("facts", "highest"), told]).toEqual([[10, 10], "stamp", ["12 rows"]]);
  await time.pass(10_000);
  expect(told.length).toBe(1);
});

test("H13: a disk that refuses loses nothing: positions stay with the state, reads are the newest, and it is tried again until it goes", async () => {
  apply(1);
  await time.pass(200);
  disk.full = true;
  apply(2);
  await time.pass(2_000);
  apply(3);
  await time.pass(2_000);
  expect([inStore(), committer.refusing]).toEqual([[1, 1], true]);
  expect([tables.get("timeline", "row 3"), tables.get("positions", "us")?.sequence]).toEqual(["3", 3]);
  // Told once, not at every attempt.
  expect(told.slice(1)).toEqual(["Error: no space left on device"]);
  disk.full = false;
  await time.pass(500);
  expect([inStore(), committer.refusing, tables.rowsAhead]).toEqual([[3, 3], false, 0]);
});

test("L2: what is written while a commit is on its way, refused or not, is never overtaken by older rows", async () => {
  disk.slowMs = 50;
  apply(1);
  await time.pass(210);
  apply(2);
  disk.full = true;
  await time.pass(100);
  expect(tables.get("positions", "us")?.sequence).toBe(2);
  apply(3);
  disk.full = false;
  await time.pass(2_000);
  expect(inStore()).toEqual([3, 3]);
});

test("a flush is done when everything written before it is in the store, also where a commit was on its way; it says when the disk refuses", async () => {
  disk.slowMs = 50;
  apply(1);
  await time.pass(210);
  apply(2);
  const both = [committer.flush(), committer.flush()];
  await time.settled(Promise.all(both));
  expect(inStore()).toEqual([2, 2]);
  disk.full = true;
  apply(3);
  await expect(time.settled(committer.flush())).rejects.toThrow("no space");
});

test("a slow disk is asked less often: it rests as long as it worked", async () => {
  disk.slowMs = 400;
  const busy = time.every(5, () => apply(Math.ceil(time.nowMs)));
  await time.pass(10_000);
  busy.cancel();
  expect(told.length).toBeGreaterThan(8);
  expect(told.length * disk.slowMs).toBeLessThan(10_000 / 2);
});

test("H13: rows on their way into the store count as ahead of it until they are there, or come back", async () => {
  disk.slowMs = 50;
  apply(1);
  await time.pass(210);
  expect(tables.rowsAhead).toBe(3);
  apply(2);
  expect(tables.rowsAhead).toBe(3 + 2);
  await time.pass(50);
  expect(tables.rowsAhead).toBe(2);
  disk.full = true;
  await time.pass(300);
  expect([committer.refusing, tables.rowsAhead]).toEqual([true, 3]);
});

test("closed, nothing is committed any more", async () => {
  apply(1);
  committer.close();
  apply(2);
  await time.pass(5_000);
  expect(inStore()).toEqual([undefined, 0]);
});
