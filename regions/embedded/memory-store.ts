/**
 * The state store in memory, for simulations and tests. It keeps the promises of a disk and can break like one: a commit becomes durable when
 * the hook says so, a crash forgets what was not durable, and the disk can refuse.
 */
import type { KeyRange, StateStore, TableName, TableReader, Tables, TableWrite } from "../../core/ports/state-store.ts";
import { ascending, descending, getRow, NO_ROWS, type OrderedRows, putRow, removeRow } from "./ordered-rows.ts";
import { plain } from "./plain.ts";

/** All tables at one moment. Never changed in place. */
type Moment = { readonly [T in TableName]?: OrderedRows };

/** Called once a commit, in order; `run` makes the oldest waiting commit durable, or refuses it as a full disk would. */
export type Durable = (run: (refusal?: Error) => void) => void;

export interface MemoryStore extends StateStore {
  /** Power off: commits that have not resolved never happened, and never resolve. The store is open again at once, as the disk of the next process. */
  crash(): void;
  /** The next process opens what a closed store left. */
  reopen(): void;
}

function* rangeOf(
  rows: OrderedRows,
  { from, to, reverse, limit = Number.POSITIVE_INFINITY }: KeyRange,
): Generator<readonly [string, unknown]> {
  let left = limit;
  if (left <= 0) return;
  for (const row of reverse ? descending(rows, from, to) : ascending(rows, from, to)) {
    yield row;
    left -= 1;
    if (left <= 0) return;
  }
}

const readerOf = (moment: () => Moment): TableReader => ({
  get: <T extends TableName>(table: T, key: string) => getRow(moment()[table] ?? NO_ROWS, key) as Tables[T] | undefined,
  range: <T extends TableName>(table: T, range: KeyRange) =>
    rangeOf(moment()[table] ?? NO_ROWS, range) as Iterable<readonly [string, Tables[T]]>,
});

function written(moment: Moment, writes: readonly TableWrite[]): Moment {
  const next: { [T in TableName]?: OrderedRows } = { ...moment };
  for (const { table, key, value } of writes) {
    const rows = next[table] ?? NO_ROWS;
    next[table] = value === undefined ? removeRow(rows, key) : putRow(rows, key, value);
  }
  return next;
}

const AT_ONCE: Durable = (run) => run();

export function openMemoryStore({ durable = AT_ONCE }: { readonly durable?: Durable } = {}): MemoryStore {
  let now: Moment = {};
  let closed = false;
  let waiting: ((refusal?: Error) => void)[] = [];
  const open = (): Moment => {
    if (closed) throw new Error("the store is closed");
    return now;
  };
  const drained: (() => void)[] = [];

  function commit(writes: readonly TableWrite[]): Promise<void> {
    if (closed) return Promise.reject(new Error("the store is closed"));
    const rows = writes.map((write) => (write.value === undefined ? write : ({ ...write, value: plain(write.value) } as TableWrite)));
    return new Promise((resolve, reject) => {
      waiting.push((refusal) => {
        if (refusal) return reject(refusal);
        now = written(now, rows);
        resolve();
      });
      const life = waiting;
      durable((refusal) => {
        // A crash began another life: this commit never happened.
        if (life !== waiting) return;
        waiting.shift()?.(refusal);
        if (waiting.length === 0) for (const done of drained.splice(0)) done();
      });
    });
  }

  return {
    ...readerOf(open),
    commit,
    snapshot() {
      const moment = open();
      let ended = false;
      return {
        ...readerOf(() => {
          if (ended) throw new Error("the snapshot is closed");
          return moment;
        }),
        close: () => {
          ended = true;
        },
      };
    },
    async close() {
      closed = true;
      if (waiting.length > 0) await new Promise<void>((resolve) => drained.push(resolve));
    },
    crash() {
      waiting = [];
      closed = false;
    },
    reopen() {
      closed = false;
    },
  };
}
