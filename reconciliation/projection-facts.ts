/** How far a store that follows has come, for whoever reads from it or watches it. */
import type { TableReader } from "../core/ports/state-store.ts";
import { changedAtMs, lastChange } from "./changes.ts";

export type ProjectionState = "live" | "slow" | "behind" | "unreachable";
export interface ProjectionFacts {
  readonly name: string;
  readonly state: ProjectionState;
  /** Changes that the store has not taken. */
  readonly waiting: number;
  /** How long the first of them has waited, ms; 0 when none does. */
  readonly ageMs: number;
  /** Why it is unreachable or slow. */
  readonly why: string | null;
}

/** What a reader of the store leans on. */
export interface Progress {
  readonly reachable: boolean;
  /** Up to this change the store has had everything for a while, so that any replica of it shows it. */
  readonly readable: number;
}

/** Live: at most so many changes wait, and none longer. */
export const LIVE = { changes: 2_000, ms: 5_000 } as const;

export interface Standing {
  readonly taken: number;
  /** Why it is out of reach; null while it answers. */
  readonly why: string | null;
  /** How slow it answers; null while it is quick. */
  readonly slow: string | null;
  readonly nowMs: number;
}

export function factsOf(
  name: string,
  { taken, why, slow, nowMs }: Standing,
  tables: TableReader,
  live: { readonly changes: number; readonly ms: number } = LIVE,
): ProjectionFacts {
  const waiting = Math.max(0, lastChange(tables) - taken);
  const since = waiting === 0 ? undefined : changedAtMs(tables, taken + 1);
  const ageMs = since === undefined ? 0 : Math.max(0, nowMs - since);
  const facts = { name, waiting, ageMs };
  if (why !== null) return { ...facts, state: "unreachable", why };
  if (waiting > live.changes || ageMs > live.ms) return { ...facts, state: "behind", why: null };
  return slow === null ? { ...facts, state: "live", why: null } : { ...facts, state: "slow", why: slow };
}

/** All of several shares together: as reachable as the least, as far as the last. */
export const together = (all: readonly Progress[]): Progress => ({
  get reachable() {
    return all.every(({ reachable }) => reachable);
  },
  get readable() {
    return Math.min(...all.map(({ readable }) => readable));
  },
});
