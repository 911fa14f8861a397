/** What reading stands on. */
import type { TableReader } from "../../core/ports/state-store.ts";
import type { Vector } from "../../core/position.ts";
import type { Stamp } from "../../core/stamp.ts";
import type { EpochEnd } from "./missed.ts";

export interface ReaderParts {
  readonly region: string;
  readonly tables: TableReader;
  readonly isDistrusted: (stamp: Stamp) => boolean;
  /** What this region has applied. */
  readonly applied: () => Vector;
  /** Absent where no epoch of any log has ended. */
  readonly epochEnd?: EpochEnd;
}
