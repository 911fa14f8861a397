/**
 * The state store on disk: one LMDB environment a region, one sub-database a table. Read on the region's own thread, out of the mapped file;
 * written on a thread beside it (`lmdb-writer.ts`). Rows survive a crash of the process once their commit resolves, and after a power cut the
 * store opens at an older whole commit, whose positions say from where the log is applied again (L2).
 */
import { mkdirSync } from "node:fs";
import type { Transaction } from "lmdb";
import type { KeyRange, StateStore, TableName, TableReader, TableSnapshot, Tables } from "../../core/ports/state-store.ts";
import { openCommits } from "./lmdb-commits.ts";
import { openRoot, openTables, type Table } from "./lmdb-tables.ts";

/** lmdb wants the bound it begins at first; ours are always inclusive below and exclusive above. */
const bounds = ({ from, to, reverse, limit }: KeyRange) => ({
  ...(reverse ? { start: to, exclusiveStart: true, end: from, inclusiveEnd: true, reverse } : { start: from, end: to }),
  ...(limit === undefined ? {} : { limit }),
});

function* rangeOf(
  table: Table,
  range: KeyRange,
  transaction: { readonly transaction?: Transaction },
): Generator<readonly [string, unknown]> {
  if (range.from >= range.to || (range.limit ?? 1) <= 0) return;
  for (const { key, value } of table.getRange({ ...bounds(range), ...transaction })) yield [key, value];
}

const readerOf = (table: (name: TableName) => Table, transaction: { readonly transaction?: Transaction }): TableReader => ({
  get: <T extends TableName>(name: T, key: string) => table(name).get(key, transaction) as Tables[T] | undefined,
  range: <T extends TableName>(name: T, range: KeyRange) =>
    rangeOf(table(name), range, transaction) as Iterable<readonly [string, Tables[T]]>,
});

export interface LmdbStoreOptions {
  readonly directory: string;
  /** For a process beside the one that writes: it sees what has been committed, and commits nothing. The store must be there. */
  readonly readOnly?: boolean;
}

export async function openLmdbStore({ directory, readOnly = false }: LmdbStoreOptions): Promise<StateStore> {
  if (!readOnly) mkdirSync(directory, { recursive: true });
  const root = openRoot(directory, readOnly);
  // A reader that was killed would keep every row that has been replaced since.
  root.readerCheck();
  const tables = openTables(root);
  const commits = readOnly ? undefined : openCommits(directory, () => root.resetReadTxn());
  const snapshots = new Set<TableSnapshot>();
  let closed = false;
  const table = (name: TableName): Table => {
    // lmdb does not survive a read of a closed environment.
    if (closed) throw new Error("the store is closed");
    return tables.get(name)!;
  };

  function snapshot(): TableSnapshot {
    if (closed) throw new Error("the store is closed");
    const transaction = root.useReadTransaction();
    let ended = false;
    const reader = readerOf(
      (name) => {
        if (ended) throw new Error("the snapshot is closed");
        return table(name);
      },
      { transaction },
    );
    const opened: TableSnapshot = {
      ...reader,
      close() {
        if (ended) return;
        ended = true;
        snapshots.delete(opened);
        transaction.done();
      },
    };
    snapshots.add(opened);
    return opened;
  }

  return {
    ...readerOf(table, {}),
    async commit(writes) {
      if (closed) throw new Error("the store is closed");
      if (commits === undefined) throw new Error("this process only reads the store");
      await commits.commit(writes);
    },
    snapshot,
    async close() {
      if (closed) return;
      for (const opened of snapshots) opened.close();
      closed = true;
      await commits?.close();
      await root.close();
    },
  };
}
