/**
 * A conflict's record has no position in any log: a region tells it to whoever follows when it finds it. Somebody who was told one version here and the
 * other there, and comes where both were known before, is told none; nor is one whose line broke between the event and the record. Their view knows by
 * its versions that there must be one, and asks.
 */
import type { Conflict } from "../../core/objects.ts";
import type { Timer, Timers } from "../../core/ports/time.ts";
import { query } from "./http.ts";

export interface ExplainingParts {
  readonly timers: Timers;
  read<Answer>(path: string): Promise<Answer>;
  /** Ids of messages whose versions are apart while no record says so. Each is named a few times at most: a region that lacks one of them has none. */
  readonly unexplained: () => readonly string[];
  readonly explained: (conflict: Conflict) => void;
}

/** Most are told by then. */
const TOLD_MS = 2_000;

export class Explaining {
  readonly #parts: ExplainingParts;
  #timer: Timer | undefined;
  #closed = false;

  constructor(parts: ExplainingParts) {
    this.#parts = parts;
  }

  soon(): void {
    if (!this.#closed) this.#timer ??= this.#parts.timers.after(TOLD_MS, () => void this.#ask());
  }
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  async #ask(): Promise<void> {
    this.#timer = undefined;
    for (const message of this.#parts.unexplained()) {
      const path = `/v1/conflicts${query({ message })}`;
      const { items } = await this.#parts.read<{ readonly items: readonly Conflict[] }>(path).catch(() => ({ items: [] }));
      for (const conflict of items) this.#parts.explained(conflict);
    }
  }
}
