/**
 * Brings memory into the store, soon and in order. A refusal (disk full) loses nothing: positions do not advance, the rows are tried again, and
 * until then new writes are refused while reads go on (H13).
 */
import type { Timer, Timers } from "../core/ports/time.ts";
import type { WorkingSet } from "./working-set.ts";

export interface CommitterOptions {
  readonly tables: WorkingSet;
  readonly timers: Timers;
  /** Called before each commit, so that facts beside the state are committed with it. */
  readonly before: () => void;
  readonly refused: (cause: unknown) => void;
  readonly committed: (tookMs: number, rows: number) => void;
}

/**
 * Rows wait this long for company, as pages that several rows share are then written once; and as long as the last commit took where that is longer:
 * the log's own syncs need the same disk. A crash replays so much of the logs. Below the time by which a closed promise is renewed (H6).
 */
const SOON_MS = 200;
const LATEST_MS = 500;
const AGAIN_MS = 250;
/** Memory may hold this many rows that the store does not; then the gates pause and own writes are refused (H13: about 32 MiB). */
const ROWS_AHEAD = 60_000;

export class Committer {
  readonly #options: CommitterOptions;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #refusing = false;
  #closed = false;
  #tookMs = 0;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** The store's last word was a refusal. */
  get refusing(): boolean {
    return this.#refusing;
  }
  get full(): boolean {
    return this.#options.tables.rowsAhead > ROWS_AHEAD;
  }

  /** Something has been written: commit it before long. While a commit is on its way, that is after its rest. */
  soon(): void {
    if (this.#timer !== undefined || this.#running !== undefined || this.#closed) return;
    this.#timer = this.#options.timers.after(this.#restMs(), () => {
      this.#timer = undefined;
      void this.flush().catch(() => {});
    });
  }

  /** Everything written so far is in the store when this resolves; rejects when the store refuses. */
  async flush(): Promise<void> {
    while (this.#running !== undefined) await this.#running.catch(() => {});
    if (this.#options.tables.rowsAhead === 0) return;
    this.#running = this.#commit();
    try {
      await this.#running;
    } finally {
      this.#running = undefined;
      if (this.#options.tables.rowsAhead > 0) this.soon();
    }
  }

  #restMs(): number {
    if (this.#refusing) return AGAIN_MS;
    return this.full ? 0 : Math.min(LATEST_MS, Math.max(SOON_MS, this.#tookMs));
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  async #commit(): Promise<void> {
    const { tables, timers, before, refused, committed } = this.#options;
    before();
    const rows = tables.rowsAhead;
    const started = timers.monotonicMs();
    try {
      await tables.commit();
      this.#refusing = false;
      this.#tookMs = timers.monotonicMs() - started;
      committed(this.#tookMs, rows);
    } catch (cause) {
      if (!this.#refusing) refused(cause);
      this.#refusing = true;
      throw cause;
    }
  }
}
