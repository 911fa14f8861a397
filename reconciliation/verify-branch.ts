/**
 * A region's state at exactly the common vector, beside its life (H7): a read transaction of the store, and what the region has applied since,
 * as far as it lies below the vector. The order between origins does not matter for the state (S5), so nobody has to be held to get there: own
 * writes and peers' events go on at their speed (P1).
 */
import type { Placed } from "../core/event.ts";
import type { StateStore, TableSnapshot } from "../core/ports/state-store.ts";
import type { Position, Vector } from "../core/position.ts";
import { covers } from "../core/position.ts";
import { regionView } from "./region-view.ts";
import { Replica } from "./replica.ts";
import { WorkingSet } from "./working-set.ts";

/** Steps taken in one turn: some milliseconds. */
const SLICE = 50;

/** What a replica was given: an event, or one that had to stand aside. */
export type Step = { readonly placed: Placed } | { readonly position: Position; readonly reason: string; readonly raw: string };

export class Branch {
  readonly #store: StateStore;
  readonly #steps: Step[] = [];
  #snapshot: TableSnapshot | undefined;
  #closed = false;

  constructor(store: StateStore) {
    this.#store = store;
  }

  take(step: Step): void {
    this.#steps.push(step);
  }

  /** Everything applied before the branch was made is in the store now. */
  begin(): void {
    if (!this.#closed) this.#snapshot = this.#store.snapshot();
  }

  /**
   * The tables at `vector`, all of which has been applied. Ends the branch: what is applied from now on is none of its. What lies between may be the
   * tail of a long cut, so others get their turn (`pause`) while it is applied once more.
   */
  async at(vector: Vector, region: string, pause: () => Promise<void>): Promise<TableSnapshot> {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) throw new Error("the branch has not begun");
    this.#closed = true;
    const tables = new WorkingSet(frozen(snapshot));
    const replica = new Replica({
      region,
      tables,
      nowMs: () => 0,
      view: (self) =>
        regionView(
          tables,
          () => self.vector,
          () => undefined,
        ),
      applied: () => {},
      distrusted: () => {},
    });
    for (const [nth, step] of this.#steps.entries()) {
      if (nth % SLICE === SLICE - 1) await pause();
      const position = "placed" in step ? step.placed.position : step.position;
      if (!covers(vector, position.origin, position)) continue;
      if ("placed" in step) replica.apply(step.placed);
      else replica.quarantine(step.position, step.reason, step.raw);
    }
    return {
      get: (table, key) => tables.get(table, key),
      range: (table, range) => tables.range(table, range),
      close: () => snapshot.close(),
    };
  }

  close(): void {
    if (!this.#closed) this.#snapshot?.close();
    this.#closed = true;
  }
}

/** A store that only reads: what a branch adds stays in memory. */
const frozen = (snapshot: TableSnapshot): StateStore => ({
  get: (table, key) => snapshot.get(table, key),
  range: (table, range) => snapshot.range(table, range),
  commit: () => Promise.reject(new Error("a branch is never committed")),
  snapshot: () => snapshot,
  close: async () => {},
});
