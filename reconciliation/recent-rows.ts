/**
 * Rows of one table that were read a short while ago: every message of a channel is judged by the same few registers, and reading one from the
 * store means parsing it. Bounded by two generations: what is not asked for during a whole generation is forgotten.
 */
const GENERATION = 4_000;

export class RecentRows {
  #young = new Map<string, unknown>();
  #old = new Map<string, unknown>();

  /** The row, or undefined when it must be read. Absent rows are not kept. */
  get(key: string): unknown {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.#keep(key, old);
    return old;
  }

  read(key: string, value: unknown): void {
    if (value !== undefined) this.#keep(key, value);
  }

  /** The row is being written: what was read is over. */
  forget(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  #keep(key: string, value: unknown): void {
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
