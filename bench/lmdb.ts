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

async function inFolder(bring: (directory: string) => Promise<void>): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "atoll-bench-lmdb-"));
  const startedMs = performance.now();
  await bring(directory);
  const perSecond = ROWS / ((performance.now() - startedMs) / 1_000);
  rmSync(directory, { recursive: true });
  return perSecond;
}

head("Batches into the embedded store");
const { ours, floor } = await inTurns(
  () =>
    inFolder(async (directory) => {
      const store = await openLmdbStore({ directory });
      for (const batch of batches) await store.commit(batch);
      await store.close();
    }),
  () =>
    inFolder(async (directory) => {
      const root = open<unknown, string>({ path: directory, noSubdir: false, encoding: "json", maxDbs: 40 });
      const tables = new Map(
        TABLES.map((name) => [name as string, root.openDB<unknown, string>({ name, encoding: "json", cache: false })]),
      );
      for (const batch of batches)
        root.transactionSync(() => {
          for (const { table, key, value } of batch) tables.get(table)?.putSync(key, value);
        }, COMMIT);
      await root.close();
    }),
);
tell([{ name: `rows a second, ${BATCH} a batch`, unit: "/s", ours, floor, target: ">= 0.8x", holds: (a, b) => a / b >= 0.8 }]);
