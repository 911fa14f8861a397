/** Up to when nothing of a region is still to come (H6), as others of its parts ask it. */
import { type Stamp, stampRegion, stampTimeMs } from "../core/stamp.ts";
import type { ClosedTimes } from "./document-checkpoints.ts";
import type { RegionSyncBoard } from "./sync-board.ts";

export interface PastOf {
  readonly region: string;
  /** The epoch of the own log. */
  readonly epoch: number;
  readonly followed: (origin: string) => boolean;
  readonly links: Pick<RegionSyncBoard, "completeToMs">;
}

/** Whether an event with this stamp would be here by now. */
export function isPast(stamp: Stamp, { region, epoch, followed, links }: PastOf): boolean {
  const origin = stampRegion(stamp);
  // What peers hold beyond the end of an earlier epoch of ours may still come.
  if (origin === region) return epoch === 1;
  return followed(origin) ? stampTimeMs(stamp) <= (links.completeToMs(origin) ?? 0) : true;
}

/** `ownMs`: of this region itself. */
export function closedTimes(
  ownMs: number,
  peers: readonly string[],
  links: Pick<RegionSyncBoard, "completeToMs" | "stateOf">,
): ClosedTimes {
  const upTo = (some: readonly string[]): number => Math.min(ownMs, ...some.map((peer) => links.completeToMs(peer) ?? 0));
  return { allMs: upTo(peers), reachableMs: upTo(peers.filter((peer) => links.stateOf(peer) !== "cut-off")) };
}
