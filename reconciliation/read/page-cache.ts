/** Pages of the history store that were read before (P2). They never grow stale: a page is completed with everything that changed since it was read. */
import type { StoredMessage } from "../../core/ports/history-store.ts";

export interface Kept {
  readonly rows: readonly StoredMessage[];
  /** The range ended with these rows. */
  readonly whole: boolean;
  /** What the store had settled before it was asked. */
  readonly since: number;
  readonly cached: boolean;
}

/** Least recently used pages go first. */
export class PageCache {
  readonly #pages = new Map<string, Kept>();
  readonly #most: number;

  constructor(most = 2_000) {
    this.#most = most;
  }

  get(name: string): Kept | undefined {
    const kept = this.#pages.get(name);
    if (kept === undefined) return undefined;
    this.#pages.delete(name);
    this.#pages.set(name, kept);
    return kept;
  }

  set(name: string, kept: Kept): void {
    this.#pages.delete(name);
    this.#pages.set(name, kept);
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > this.#most && oldest !== undefined) this.#pages.delete(oldest);
  }

  clear(): void {
    this.#pages.clear();
  }
}
