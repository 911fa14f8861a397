/**
 * Parts of a region that hear what its replica has applied and what was committed. They open one after another, and each hears from then on: what a
 * start replays out of the own log was told in the life before. The order in which they are told is the one written here.
 */
import type { Position } from "../core/position.ts";
import type { DocumentCheckpoints } from "./document-checkpoints.ts";
import type { Projections } from "./projections.ts";
import type { RegionPeers } from "./region-peers.ts";
import type { Applied } from "./replica.ts";
import type { Telling } from "./telling.ts";
import type { Verifying } from "./verifying.ts";
import type { Hooks } from "./webhooks/hooks.ts";

/** Those that are open. */
export interface Followers {
  projections?: Projections;
  documents?: DocumentCheckpoints;
  telling?: Telling;
  peers?: RegionPeers;
  verifying?: Verifying;
  hooks?: Hooks;
}

export function tellApplied({ telling, hooks, documents, verifying }: Followers, applied: Applied): void {
  const { placed } = applied;
  telling?.tell(applied);
  hooks?.applied(placed.event);
  if (placed.event.kind === "document.updated") documents?.heard(placed.event);
  verifying?.took({ placed });
}

/** An event stands aside (H14). */
export function tellAside({ verifying }: Followers, position: Position, reason: string, raw: string): void {
  verifying?.took({ position, reason, raw });
}

export function tellCommitted({ projections, hooks, peers }: Followers): void {
  projections?.nudge();
  hooks?.nudge();
  peers?.drain();
}
