/** Users of a former boot, of a peer or of this region itself: unknown for a while, as most of them are just connecting again (P4). */
import type { Timers } from "../core/ports/time.ts";
import type { OwnPresence } from "./presence-own.ts";
import type { PeerPresence } from "./presence-peer.ts";
import type { Ticks } from "./presence-ticks.ts";

export interface FormerParts {
  readonly timers: Timers;
  /** Wall clock. */
  readonly nowMs: () => number;
  /** How long they stay unknown. */
  readonly formerBootMs: number;
  readonly change: Ticks["change"];
}
/** A moment at which a boot became a former one, and until when its users are unknown by the monotonic clock. */
export interface FormerTimes {
  readonly nowMs: number;
  readonly monotonicMs: number;
  readonly formerUntilMs: number;
}

export function formerTimes({ timers, nowMs, formerBootMs }: FormerParts): FormerTimes {
  const monotonicMs = timers.monotonicMs();
  return { nowMs: nowMs(), monotonicMs, formerUntilMs: monotonicMs + formerBootMs };
}

/** A real timer may fire a little before its time by the monotonic clock: what was due at this timer is due. */
export function dropFormerInTime({ timers, formerBootMs, change }: FormerParts, peer: PeerPresence, { formerUntilMs }: FormerTimes): void {
  timers.after(formerBootMs, () => change(peer.users, () => peer.dropFormer(Math.max(timers.monotonicMs(), formerUntilMs))));
}

/** Makes `former` hold those of these users who have not come back, as of a boot that this one has just followed. */
export function retireFormerLife(parts: FormerParts, former: PeerPresence, own: OwnPresence, users: readonly string[]): void {
  const times = formerTimes(parts);
  const gone = users.filter((user) => own.get(user) === undefined);
  const changes = gone.map((user) => ({ user, status: "online" as const, sinceMs: times.nowMs }));
  former.replace({ boot: "a former life", version: 0, changes }, { cuts: former.cuts, ...times });
  former.replace({ boot: own.boot, version: 0, changes: [] }, { cuts: former.cuts, ...times });
  dropFormerInTime(parts, former, times);
}
