/** What a sync board is made of, and how it shows one link to metrics. */
import type { ChainHead } from "../core/audit-chain.ts";
import type { LinkState } from "../core/objects.ts";
import type { PeerLink } from "../core/ports/peer-link.ts";
import type { Timers } from "../core/ports/time.ts";
import type { Vector } from "../core/position.ts";
import type { PhysicalClock } from "../core/stamp.ts";
import type { ClockWitness } from "./clock-witness.ts";

export interface SyncBoardOptions {
  readonly link: Pick<PeerLink, "region" | "peers" | "beat" | "onBeat">;
  readonly timers: Timers;
  readonly clock: PhysicalClock;
  /** Names this life of the process. */
  readonly boot: string;
  /** What the gates have passed, per origin: what is here of each log. */
  readonly applied: () => Vector;
  /**
   * The own log now. `completeMs`: of what this life accepted, no stamp at or below it comes after `head`, hence less than the present millisecond;
   * `closedMs`: what is promised to peers of that, also for lives to come (H6); 0: nothing yet.
   */
  readonly own: () => { readonly epoch: number; readonly head: number; readonly completeMs: number; readonly closedMs: number };
  readonly presence: () => { readonly boot: string; readonly version: number };
  /** Where the own audit log stands, as no crash takes back (A1). */
  readonly audit?: () => ChainHead;
  readonly draining: () => boolean;
  readonly witness: Pick<ClockWitness, "hear" | "cut">;
}

/** One link as metrics show it. */
export interface LinkFacts {
  readonly peer: string;
  readonly state: LinkState;
  readonly beatAgeMs: number | null;
  readonly rttMs: number | null;
  readonly offsetMs: number | null;
  readonly lagEvents: number;
  readonly lagMs: number;
  /** The peer holds its own clock for sane. */
  readonly clockOk: boolean;
  readonly clockAlarm: boolean;
}
