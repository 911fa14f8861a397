/** What the end of a simulation is judged by: the logs as they are, and each region's store. */
import type { Placed } from "../../../core/event.ts";
import type { TableReader } from "../../../core/ports/state-store.ts";
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
}

export const ALL = { from: "", to: "\u{7f}" } as const;
