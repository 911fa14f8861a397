/**
 * Rows of one table that were read a short while ago: every message of a channel is judged by the same few registers, and reading one from the
 * store means parsing it. Bounded by two generations: what is not asked for during a whole generation is forgotten.
 */
const GENERATION = 4_000;
/** Read, and not there: a command is looked for before it is decided and again when it is applied. */
export const ABSENT = Symbol("absent");

export class RecentRows {
  #young = new Map<string, unknown>();
  #old = new Map<string, unknown>();

  /** The row, ABSENT, or undefined when it must be read. */
  get(key: string): unknown {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.#keep(key, old);
    return old;
  }

  read(key: string, value: unknown): void {
    this.#keep(key, value === undefined ? ABSENT : value);
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
