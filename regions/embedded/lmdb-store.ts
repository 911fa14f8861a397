/**
 * The state store on disk: one LMDB environment a region, one sub-database a table.
 *
 * A commit is one synchronous transaction. lmdb's asynchronous writes were tried on a full disk: after a refused commit their later
 * promises never settle and rejections come up unhandled; the synchronous ones refuse cleanly and go on when there is room again. Each
 * waits for one fdatasync on this thread (measured; lmdb does it where syncs may overlap), so the committer spaces them. Rows survive a
 * crash of the process at once, and after a power cut the store opens at an older whole commit, whose positions say from where the log is
 * applied again (L2).
 *
 * Rows are JSON, not msgpack: they come back exactly as the log's text gave them, also a field named "__proto__" or half a surrogate pair, which
 * msgpack would change; undefined fields vanish.
 */
import { mkdirSync } from "node:fs";
import { asBinary, type Database, open, type RootDatabase, type Transaction } from "lmdb";
import type { KeyRange, StateStore, TableName, TableReader, TableSnapshot, Tables, TableWrite } from "../../core/ports/state-store.ts";
import { WrittenEvent } from "../../core/written-event.ts";

/** Every table, so that a table without a name here does not compile. */
const TABLES: { readonly [T in TableName]: true } = {
  registers: true,
  timeline: true,
  memberships: true,
  events: true,
  commands: true,
  conflicts: true,
  channelConflicts: true,
  losers: true,
  contested: true,
  digests: true,
  positions: true,
  awaiting: true,
  quarantine: true,
  audit: true,
  rejudged: true,
  witnesses: true,
  webhooks: true,
  hookQueue: true,
  hooks: true,
  facts: true,
};
const TABLE_NAMES = Object.keys(TABLES) as TableName[];

/** lmdb's flags, by value: its enum exists in types only. Abortable, committed on return, flushed later. */
const COMMIT = 1 | 2 | 0x10000;

type Table = Database<unknown, string>;
type OpenTables = ReadonlyMap<TableName, Table>;

function openTables(root: RootDatabase<unknown, string>): OpenTables {
  return new Map(TABLE_NAMES.map((name) => [name, root.openDB<unknown, string>({ name, encoding: "json", cache: false })]));
}

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

function write(tables: OpenTables, writes: readonly TableWrite[]): void {
  for (const { table, key, value } of writes) {
    const rows = tables.get(table)!;
    if (value === undefined) rows.removeSync(key);
    else rows.putSync(key, value instanceof WrittenEvent ? asBinary(Buffer.from(value.json)) : value);
  }
}

export interface LmdbStoreOptions {
  readonly directory: string;
  /** For a process beside the one that writes: it sees what has been committed, and commits nothing. The store must be there. */
  readonly readOnly?: boolean;
}

export async function openLmdbStore({ directory, readOnly = false }: LmdbStoreOptions): Promise<StateStore> {
  if (!readOnly) mkdirSync(directory, { recursive: true });
  const root = open<unknown, string>({ path: directory, noSubdir: false, encoding: "json", maxDbs: TABLE_NAMES.length + 8, readOnly });
  // A reader that was killed would keep every row that has been replaced since.
  root.readerCheck();
  const tables = openTables(root);
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
      if (readOnly) throw new Error("this process only reads the store");
      root.transactionSync(() => write(tables, writes), COMMIT);
    },
    snapshot,
    async close() {
      if (closed) return;
      for (const opened of snapshots) opened.close();
      closed = true;
      await root.close();
    },
  };
}
