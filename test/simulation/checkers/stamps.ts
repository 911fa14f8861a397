/** T1: a region's stamps ascend with its log (but for what a killed life had on its way), and what replaces is stamped after what it replaces. T2: nobody's clock is dragged beyond the bound. */

import type { Placed } from "../../../core/event.ts";
import { LIMITS } from "../../../core/limits.ts";
import { stampRegion, stampTimeMs } from "../../../core/stamp.ts";
import { EPOCH_MS } from "../life.ts";
import type { Mesh } from "../mesh.ts";
import { Violation } from "../violation.ts";
import type { EndState } from "./end-state.ts";
import { landedLate } from "./end-state.ts";

/** How far ahead of its clock a life may begin (closed time), and rounding. */
const SLACK_MS = 2_500;

export function stampsInOrder(mesh: Mesh, end: EndState): void {
  const { truth, acts } = end;
  const aheadMs = new Map(mesh.machines.map(({ region, mostAheadMs }) => [region, mostAheadMs]));
  const nowMs = EPOCH_MS + mesh.scheduler.nowMs;
  /** Beyond the bound a region is not followed, and its repair takes it back. */
  const sane =
    [...aheadMs.values()].every((ms) => ms < LIMITS.clockBoundMs / 2) &&
    mesh.machines.every(({ mostBehindMs }) => mostBehindMs < LIMITS.clockBoundMs / 2);
  /** Who was beyond the bound for somebody has distrusted stretches of its own, over which it jumps (H8). */
  const followed = (origin: string): boolean =>
    mesh.machines.every(({ region, mostBehindMs }) => region === origin || (aheadMs.get(origin) ?? 0) + mostBehindMs < LIMITS.clockBoundMs);
  const last = new Map<string, Placed>();
  for (const placed of truth) {
    const { event, position } = placed;
    const { origin } = position;
    if (followed(origin) && stampTimeMs(event.stamp) > nowMs + (aheadMs.get(origin) ?? 0) + LIMITS.clockBoundMs + SLACK_MS)
      throw new Violation("T2", `${origin} made ${event.stamp}, beyond the bound ahead of its own clock`);
    // What peers had kept of an ended epoch is said again with its own stamp (L3).
    if (event.late !== undefined) continue;
    const before = last.get(origin);
    const falls = before !== undefined && before.event.stamp >= event.stamp;
    if (sane && falls && !landedLate(end, before, placed))
      throw new Violation("T1", `${origin} made ${event.stamp} after ${before.event.stamp}`);
    if (!falls) last.set(origin, placed);
  }
  if (!sane) return;
  for (const [key, some] of acts)
    for (const { stamp, replaces } of some)
      for (const older of replaces)
        if (older >= stamp) throw new Violation("T1", `${stampRegion(stamp)} stamped ${stamp} what replaces ${older} in ${key}`);
}
