/**
 * Rows of the store that were read a short while ago: every message of a channel is judged by the same few registers, and reading one from the
 * store means parsing it. Bounded by two generations: what is not asked for during a whole generation is forgotten.
 */
import type { TableName } from "../core/ports/state-store.ts";

/** The tables that every event reads again. */
const KEPT: ReadonlySet<TableName> = new Set<TableName>(["registers", "digests"]);
const GENERATION = 4_000;

export class RecentRows {
  #young = new Map<string, unknown>();
  #old = new Map<string, unknown>();

  /** The row, or undefined when it must be read. Absent rows are not kept. */
  get(table: TableName, key: string): unknown {
    if (!KEPT.has(table)) return undefined;
    const name = `${table}|${key}`;
    const young = this.#young.get(name);
    if (young !== undefined) return young;
    const old = this.#old.get(name);
    if (old !== undefined) this.#keep(name, old);
    return old;
  }

  read(table: TableName, key: string, value: unknown): void {
    if (value !== undefined && KEPT.has(table)) this.#keep(`${table}|${key}`, value);
  }

  /** The row is being written: what was read is over. */
  forget(table: TableName, key: string): void {
    if (!KEPT.has(table)) return;
    const name = `${table}|${key}`;
    this.#young.delete(name);
    this.#old.delete(name);
  }

  #keep(name: string, value: unknown): void {
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, value);
  }
}
