/** What the end of a simulation is judged by: the logs as they are, and each region's store. */
import type { Placed } from "../../../core/event.ts";
import type { TableReader } from "../../../core/ports/state-store.ts";
import type { Position } from "../../../core/position.ts";
import { comparePoints, parsePoint, START } from "../../../core/position.ts";
import type { Register } from "../../../core/register.ts";
import type { Operation } from "../history.ts";
import type { Acts } from "../model/acts.ts";
import type { Distrusted, Verdict } from "../model/verdict.ts";

export interface RegionEnd {
  readonly region: string;
  readonly store: TableReader;
  readonly registers: ReadonlyMap<string, Register>;
}
export interface EndState {
  readonly operations: readonly Operation[];
  /** Every event of every region's log, each once. */
  readonly truth: readonly Placed[];
  readonly acts: Acts;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly distrusted: Distrusted;
  readonly regions: readonly RegionEnd[];
  /** When the process was booted that wrote what stands there. */
  readonly writerBootMs: (position: Position) => number;
}

/**
 * Of two that stand in one log one was on its way when its process was killed, and landed after the next life had read the log: neither life knew
 * of the other's when it wrote.
 */
export function landedLate(end: EndState, one: Placed, other: Placed): boolean {
  const [older, younger] = [one, other].sort((a, b) => end.writerBootMs(a.position) - end.writerBootMs(b.position)) as [Placed, Placed];
  if (end.writerBootMs(older.position) === end.writerBootMs(younger.position)) return false;
  const read = parsePoint(younger.event.after[older.position.origin] ?? "") ?? START;
  return comparePoints(read, older.position) < 0;
}

export const ALL = { from: "", to: "\u{7f}" } as const;
