/** How a region takes in the log of another: behind the gate stand the clock's witness and the replica. */
import type { PeerLink } from "../core/ports/peer-link.ts";
import type { Timers } from "../core/ports/time.ts";
import type { ClockWitness } from "./clock-witness.ts";
import { Following } from "./following.ts";
import type { RegionWatch } from "./region-watch.ts";
import type { Replica } from "./replica.ts";

export interface FollowedParts {
  readonly link: PeerLink;
  readonly replica: Replica;
  readonly witness: ClockWitness;
  readonly timers: Timers;
  readonly watch: Partial<RegionWatch>;
  /** The store takes rows. */
  readonly room: () => boolean;
}

export const followedBy =
  ({ link, replica, witness, timers, watch, room }: FollowedParts) =>
  (origin: string): Following =>
    new Following({
      link,
      peer: origin,
      applied: () => replica.vector,
      room: () => room() && witness.ready(origin),
      take: (events) => {
        const startedMs = timers.monotonicMs();
        witness.see(origin, events);
        for (const placed of events) replica.apply(placed);
        watch.took?.(origin, events.length, timers.monotonicMs() - startedMs);
      },
      quarantine: (position, reason, raw) => replica.quarantine(position, reason, raw),
      lost: (epoch, from, to) => watch.lost?.(origin, epoch, from, to),
    });
