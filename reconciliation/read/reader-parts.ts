/** What reading stands on. */
import type { ChainHead } from "../../core/audit-chain.ts";
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
  /** The last audit entry that no crash takes back: what is shown ends there, and after `flush` it is the last of all. Absent: all that is here. */
  readonly audited?: { readonly last: () => ChainHead; readonly flush: () => Promise<void> };
  /** What peers were heard to say of their audit logs. */
  readonly heads?: () => ReadonlyMap<string, ChainHead>;
  /** Absent where no epoch of any log has ended. */
  readonly epochEnd?: EpochEnd;
}
