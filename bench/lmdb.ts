/**
 * `npm run bench:lmdb`: batches of rows brought into the embedded store, beside the same rows put into bare LMDB tables in transactions of the same
 * size, kind and encoding.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "lmdb";
import type { TableWrite } from "../core/ports/state-store.ts";
import { openLmdbStore } from "../regions/embedded/lmdb-store.ts";
import { head, inTurns, sizeOf, tell } from "./measure.ts";

const ROWS = sizeOf(200_000, 40_000);
const BATCH = 1_000;
const TABLES = ["registers", "events", "timeline", "commands", "audit"] as const;
/** Abortable, committed on return, flushed later: as the store commits. */
const COMMIT = 1 | 2 | 0x10000;

/** What a message leaves behind: five rows of some hundred bytes, some in order of time and some anywhere. */
const rows: readonly TableWrite[] = Array.from({ length: ROWS }, (_, nth): TableWrite => {
  const message = Math.floor(nth / TABLES.length);
  const scattered = Math.imul(message, 2_654_435_761) >>> 0;
  const table = TABLES[nth % TABLES.length] ?? "facts";
  const inOrder = table === "timeline" || table === "audit";
  const key = inOrder ? `chn|${String(message).padStart(12, "0")}` : `chn|${scattered.toString(36)}|${message}`;
  return { table, key, value: { stamp: `019b8d62${message}-0000-us`, author: "ana", text: `message ${message} `.repeat(8) } } as TableWrite;
});
const batches = Array.from({ length: Math.ceil(ROWS / BATCH) }, (_, nth) => rows.slice(nth * BATCH, (nth + 1) * BATCH));

/** A store that is open and has taken a first row; the clock runs over the batches alone. */
interface Opened {
  bring(batch: readonly TableWrite[]): Promise<void> | void;
  close(): Promise<void>;
}
/** How much of the time the thread that brings them was at work. */
const busy: number[] = [];

async function inFolder(open: (directory: string) => Promise<Opened>): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "atoll-bench-lmdb-"));
  const store = await open(directory);
  const before = performance.eventLoopUtilization();
  const startedMs = performance.now();
  for (const batch of batches) await store.bring(batch);
  const perSecond = ROWS / ((performance.now() - startedMs) / 1_000);
  busy.push(performance.eventLoopUtilization(before).utilization);
  await store.close();
  rmSync(directory, { recursive: true });
  return perSecond;
}

head("Batches into the embedded store");
const { ours, floor } = await inTurns(
  () =>
    inFolder(async (directory) => {
      const store = await openLmdbStore({ directory });
      await store.commit([{ table: "facts", key: "first", value: true }]);
      return { bring: (batch) => store.commit(batch), close: () => store.close() };
    }),
  () =>
    inFolder(async (directory) => {
      const root = open<unknown, string>({ path: directory, noSubdir: false, encoding: "json", maxDbs: 40 });
      const tables = new Map(
        TABLES.map((name) => [name as string, root.openDB<unknown, string>({ name, encoding: "json", cache: false })]),
      );
      return {
        bring: (batch) =>
          root.transactionSync(() => {
            for (const { table, key, value } of batch) tables.get(table)?.putSync(key, value);
          }, COMMIT),
        close: () => root.close(),
      };
    }),
);
tell([{ name: `rows a second, ${BATCH} a batch`, unit: "/s", ours, floor, target: ">= 0.8x", holds: (a, b) => a / b >= 0.8 }]);
console.log(`the calling thread was at work, by turns ours and bare: ${busy.map((share) => `${Math.round(share * 100)} %`).join(", ")}`);
