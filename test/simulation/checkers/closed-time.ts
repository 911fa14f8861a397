/**
 * P3, H6: "complete to T from eu" is a promise: no event of eu with a stamp at or before T comes later. What a region says while its clock runs
 * near the bound or beyond it is void: its repair takes the clock back, and its stamps are distrusted (T2). Void too is what a region said that
 * then lost its store and with it the promise, if its clock was set back as well: nothing there knows any more that time had been further.
 * And nobody knows of the end of a log that its disk has lost until a peer comes back with it: it comes late, and says so.
 */
import { LIMITS } from "../../../core/limits.ts";
import { stampTimeMs } from "../../../core/stamp.ts";
import { EPOCH_MS } from "../life.ts";
import type { Mesh, Watcher } from "../mesh.ts";
import type { RunningRegion } from "../running-region.ts";
import { Violation } from "../violation.ts";

export function watchClosedTime(mesh: Mesh): Watcher {
  const claims = new Map<string, Map<string, number>>();
  const lostStore = new Set<string>();
  const forgot = (origin: string): boolean => lostStore.has(origin) && mesh.machine(origin).mostBehindMs > 0;
  const claim = (region: string, running: RunningRegion): void => {
    const known = claims.get(region) ?? new Map<string, number>();
    claims.set(region, known);
    for (const [origin, time] of Object.entries(running.links.watermark("").complete))
      if (time !== null && Date.parse(time) <= EPOCH_MS + mesh.scheduler.nowMs + LIMITS.clockBoundMs / 2)
        known.set(origin, Math.max(known.get(origin) ?? 0, Date.parse(time)));
  };
  return {
    started: (region, running) => {
      claims.delete(region);
      const { beganEmpty, boots } = mesh.machine(region);
      if (beganEmpty && boots > 1) lostStore.add(region);
      running.feed.listen(({ placed }) => {
        const { origin } = placed.position;
        const completeMs = claims.get(region)?.get(origin);
        if (
          origin !== region &&
          !forgot(origin) &&
          placed.event.late === undefined &&
          completeMs !== undefined &&
          stampTimeMs(placed.event.stamp) <= completeMs
        )
          mesh.scheduler.fail(
            new Violation(
              "H6",
              `${region} said it was complete from ${origin} to ${new Date(completeMs).toISOString()}, then came ${placed.event.stamp}`,
            ),
          );
      });
    },
    look: () => {
      for (const { region, running } of mesh.machines) if (running !== undefined) claim(region, running);
    },
  };
}
