/**
 * How far another process has come with its share of a store that follows: the store itself is asked what it holds of that share. Who brings it,
 * and whether that process lives, need not be known: what is noted in the store is there.
 */
import type { TableReader } from "../core/ports/state-store.ts";
import type { Timers } from "../core/ports/time.ts";
import type { Sink } from "./projection.ts";
import { factsOf, type Progress, type ProjectionFacts } from "./projection-facts.ts";

export interface ShareWatchParts {
  /** Under the share's name; nothing is written. */
  readonly sink: Pick<Sink, "name" | "held">;
  readonly tables: TableReader;
  readonly series: string;
  readonly timers: Timers;
  readonly nowMs: () => number;
  readonly bounds?: Partial<typeof BOUNDS>;
}

const BOUNDS = {
  askMs: 500,
  /** Replicas that a read may ask have what was noted this long ago. */
  readableMs: 2_000,
};
const NOTED = 100;

export class ShareWatch implements Progress {
  readonly #parts: ShareWatchParts;
  readonly #bounds: typeof BOUNDS;
  readonly #noted: { readonly change: number; readonly atMs: number }[] = [{ change: 0, atMs: Number.NEGATIVE_INFINITY }];
  readonly #stop: () => void;
  #why: string | null = "not asked yet";
  #asking = false;

  constructor(parts: ShareWatchParts) {
    this.#parts = parts;
    this.#bounds = { ...BOUNDS, ...parts.bounds };
    const timer = parts.timers.every(this.#bounds.askMs, () => void this.#ask());
    this.#stop = () => timer.cancel();
  }

  get reachable(): boolean {
    return this.#why === null;
  }
  get readable(): number {
    const soMs = this.#parts.timers.monotonicMs() - this.#bounds.readableMs;
    while (this.#noted[1] !== undefined && this.#noted[1].atMs <= soMs) this.#noted.shift();
    return this.#noted[0]?.change ?? 0;
  }
  facts(): ProjectionFacts {
    const { sink, tables, nowMs } = this.#parts;
    return factsOf(sink.name, { taken: this.#noted.at(-1)?.change ?? 0, why: this.#why, slow: null, nowMs: nowMs() }, tables);
  }
  stop(): void {
    this.#stop();
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const { sink, series, timers } = this.#parts;
    try {
      const { held } = await sink.held();
      this.#note(held?.series === series ? held.change : 0, timers.monotonicMs());
      this.#why = null;
    } catch (why) {
      this.#why = why instanceof Error ? why.message : String(why);
    } finally {
      this.#asking = false;
    }
  }

  /** A store that holds less than before was emptied: what was readable is so no longer. */
  #note(change: number, atMs: number): void {
    const last = this.#noted.at(-1)?.change ?? 0;
    if (change < last) this.#noted.splice(0, this.#noted.length, { change, atMs: Number.NEGATIVE_INFINITY });
    else if (change > last && this.#noted.length < NOTED) this.#noted.push({ change, atMs });
    else if (change > last) this.#noted[this.#noted.length - 1] = { change, atMs };
  }
}
