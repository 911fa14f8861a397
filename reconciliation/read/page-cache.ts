/**
 * Pages of the history store that were read before (P2), in this process's memory and, where there is one, in a store that all processes of the
 * region share. They never grow stale: a page is completed with everything that changed since it was read.
 */

import type { StoredMessage } from "../../core/ports/history-store.ts";
import type { SharedPages } from "../../core/ports/shared-pages.ts";

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
  readonly #shared: SharedPages | undefined;
  readonly #most: number;

  constructor(shared?: SharedPages, most = 2_000) {
    this.#shared = shared;
    this.#most = most;
  }

  /** `series`: whose numbers `since` is one of; a page of another life of the embedded store says nothing here. */
  async get(series: string, name: string): Promise<Kept | undefined> {
    const kept = this.#pages.get(name) ?? readKept(await this.#shared?.get(`${series} ${name}`));
    if (kept !== undefined) this.#keep(name, kept);
    return kept;
  }

  set(series: string, name: string, kept: Kept): void {
    this.#keep(name, kept);
    this.#shared?.put(`${series} ${name}`, JSON.stringify(kept));
  }

  #keep(name: string, kept: Kept): void {
    this.#pages.delete(name);
    this.#pages.set(name, kept);
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > this.#most && oldest !== undefined) this.#pages.delete(oldest);
  }

  clear(): void {
    this.#pages.clear();
  }
}

/** What another process of this very program has written; anything else is no page. */
function readKept(text: string | undefined): Kept | undefined {
  if (text === undefined) return undefined;
  try {
    const kept = JSON.parse(text) as Partial<Kept>;
    return Array.isArray(kept.rows) && typeof kept.since === "number" && typeof kept.whole === "boolean" ? (kept as Kept) : undefined;
  } catch {
    return undefined;
  }
}
