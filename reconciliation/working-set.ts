/**
 * Memory over the store (H4): what has been applied and not yet committed lies above what the store holds, so reads are always the region's
 * newest and a command's reply never waits for the disk of the store; the log alone is what an acknowledgement stands on.
 *
 * Rows are committed in the order they were made, positions with the state they produced (L2). A commit that the disk refuses loses nothing:
 * its rows go back into memory and are tried again (H13).
 */
import type { KeyRange, StateStore, TableName, TableReader, Tables, TableWrite } from "../core/ports/state-store.ts";
import { ABSENT, RecentRows } from "./recent-rows.ts";

type Rows = Map<string, unknown>;
type Layer = Map<TableName, Rows>;

export class WorkingSet implements TableReader {
  readonly #store: StateStore;
  #fresh: Layer = new Map();
  #committing: Layer | undefined;
  #freshRows = 0;
  #committingRows = 0;
  /** Of the tables that every event reads again. */
  readonly #recent: { readonly [T in TableName]?: RecentRows } = {
    registers: new RecentRows(),
    digests: new RecentRows(),
    commands: new RecentRows(),
  };

  constructor(store: StateStore) {
    this.#store = store;
  }

  /** Rows that only memory holds so far, those on their way among them; bounds how far memory may run ahead of the store. */
  get rowsAhead(): number {
    return this.#freshRows + this.#committingRows;
  }

  get<T extends TableName>(table: T, key: string): Tables[T] | undefined {
    const fresh = this.#fresh.get(table);
    if (fresh?.has(key)) return fresh.get(key) as Tables[T] | undefined;
    const committing = this.#committing?.get(table);
    if (committing?.has(key)) return committing.get(key) as Tables[T] | undefined;
    const recent = this.#recent[table];
    const read = recent?.get(key);
    if (read !== undefined) return read === ABSENT ? undefined : (read as Tables[T]);
    const stored = this.#store.get(table, key);
    recent?.read(key, stored);
    return stored;
  }

  put<T extends TableName>(table: T, key: string, value: Tables[T] | undefined): void {
    let rows = this.#fresh.get(table);
    if (rows === undefined) this.#fresh.set(table, (rows = new Map()));
    const before = rows.size;
    rows.set(key, value);
    this.#freshRows += rows.size - before;
    this.#recent[table]?.forget(key);
  }

  *range<T extends TableName>(table: T, range: KeyRange): Iterable<readonly [string, Tables[T]]> {
    const above = this.#above(table, range);
    if (above.length === 0) {
      yield* this.#store.range(table, range);
      return;
    }
    yield* merged(above, this.#store.range(table, { from: range.from, to: range.to, reverse: range.reverse ?? false }), range) as Iterable<
      readonly [string, Tables[T]]
    >;
  }

  /** Commits everything put so far. One commit at a time; rejects when the store refuses, and then nothing is lost. */
  async commit(): Promise<void> {
    if (this.#committing !== undefined || this.#freshRows === 0) return;
    const layer = this.#fresh;
    this.#committing = layer;
    this.#committingRows = this.#freshRows;
    this.#fresh = new Map();
    this.#freshRows = 0;
    try {
      await this.#store.commit(writesOf(layer));
    } catch (refused) {
      for (const [table, fresh] of this.#fresh) for (const [key, value] of fresh) put(layer, table, key, value);
      this.#fresh = layer;
      this.#freshRows = [...layer.values()].reduce((sum, rows) => sum + rows.size, 0);
      throw refused;
    } finally {
      this.#committing = undefined;
      this.#committingRows = 0;
    }
  }

  #above(table: TableName, range: KeyRange): [string, unknown][] {
    const found = new Map<string, unknown>();
    for (const layer of [this.#committing, this.#fresh])
      for (const [key, value] of layer?.get(table) ?? []) if (key >= range.from && key < range.to) found.set(key, value);
    const rows = [...found];
    return rows.sort(([a], [b]) => (a < b ? -1 : 1) * (range.reverse ? -1 : 1));
  }
}

function put(layer: Layer, table: TableName, key: string, value: unknown): void {
  const rows = layer.get(table);
  if (rows === undefined) layer.set(table, new Map([[key, value]]));
  else rows.set(key, value);
}

function writesOf(layer: Layer): TableWrite[] {
  const writes: TableWrite[] = [];
  for (const [table, rows] of layer) for (const [key, value] of rows) writes.push({ table, key, value } as TableWrite);
  return writes;
}

/** Two sorted runs as one; a row above hides the row of the same key below, and an undefined value removes it. */
function* merged(
  above: readonly (readonly [string, unknown])[],
  below: Iterable<readonly [string, unknown]>,
  { reverse, limit }: KeyRange,
): Iterable<readonly [string, unknown]> {
  const before = (a: string, b: string): boolean => (reverse ? a > b : a < b);
  let left = limit ?? Number.POSITIVE_INFINITY;
  let at = 0;
  for (const row of below) {
    for (let top = above[at]; top !== undefined && before(top[0], row[0]); top = above[++at]) {
      if (top[1] === undefined) continue;
      if (left-- <= 0) return;
      yield top;
    }
    if (above[at]?.[0] === row[0]) continue;
    if (left-- <= 0) return;
    yield row;
  }
  for (let top = above[at]; top !== undefined; top = above[++at]) {
    if (top[1] === undefined) continue;
    if (left-- <= 0) return;
    yield top;
  }
}
