/**
 * What a region holds: rows in memory over the store, the replica that writes them, the clocks that its stamps and promises come by, and the commits
 * that bring all of it into the store together.
 */
import { recordById } from "../core/conflict-records.ts";
import { LIMITS } from "../core/limits.ts";
import type { Vector } from "../core/position.ts";
import { joinVectors, parseVector } from "../core/position.ts";
import { HybridClock } from "../core/stamp.ts";
import { ClosedPromise, LANDING_MS } from "./closed-promise.ts";
import { Committer } from "./committer.ts";
import { OwnClock } from "./own-clock.ts";
import { replayOwnLog } from "./own-log.ts";
import { Filling } from "./refill.ts";
import { type Followers, tellApplied, tellAside, tellCommitted } from "./region-followers.ts";
import type { RegionPorts } from "./region-ports.ts";
import { regionView } from "./region-view.ts";
import { Replica } from "./replica.ts";
import { WorkingSet } from "./working-set.ts";

export interface RegionState {
  readonly tables: WorkingSet;
  readonly replica: Replica;
  readonly committer: Committer;
  /** This region's own physical clock, and the stamps that come by it (T1, T2). */
  readonly own: OwnClock;
  readonly clock: HybridClock;
  /** How far this region's time is closed (H6). */
  readonly promise: ClosedPromise;
  /** What a former life had on its way to the log has landed there, or never will. */
  readonly landed: () => boolean;
  /** Whether the store was empty at the start, or has never been whole since it was. */
  readonly filling: Filling;
  /** What the own log says this region had applied, as far as it was replayed at the start. */
  readonly remembered: () => Vector;
}

/** As the store holds it; what the own log holds beyond that is still to be replayed. */
export function openState(ports: RegionPorts, followers: Followers): RegionState {
  const tables = new WorkingSet(ports.store);
  let remembered: Vector = {};
  const remember = (after: Vector): void => {
    if (followers.peers === undefined) remembered = joinVectors(remembered, after);
  };
  const replica = openReplica(ports, tables, followers, remember, () => state);
  const blank = Object.keys(replica.vector).length === 0;
  const times = openTimes(ports, tables, replica, blank, () => state);
  const state: RegionState = {
    tables,
    replica,
    committer: openCommitter(ports, tables, followers, () => state),
    ...times,
    filling: new Filling(tables, blank),
    remembered: () => remembered,
  };
  return state;
}

/** Brings the state to where the own log ends, and the clock above every stamp that this region has given. */
export async function replay(ports: RegionPorts, { replica, clock, own, committer }: RegionState): Promise<void> {
  for (const log of [...(ports.earlier ?? []), ports.log]) await replayOwnLog(log, replica, clock, own);
  // Before the first stamp. A disk that refuses it refuses what people write too.
  own.keep(clock);
  await committer.flush().catch(() => {});
}

function openReplica(
  { region, physical, watch = {} }: RegionPorts,
  tables: WorkingSet,
  followers: Followers,
  remember: (after: Vector) => void,
  state: () => RegionState,
): Replica {
  return new Replica({
    region,
    tables,
    nowMs: () => physical.nowMs(),
    view: (self) => regionView(tables, () => self.vector, recordById),
    applied: (one) => {
      const { position, event } = one.placed;
      if (position.origin !== region) state().clock.witness(event.stamp);
      else remember(parseVector(event.after) ?? {});
      tellApplied(followers, one);
      watch.applied?.(one);
      state().committer.soon();
    },
    quarantined: (position, reason, raw) => {
      tellAside(followers, position, reason, raw);
      watch.quarantined?.(position.origin);
      state().committer.soon();
    },
    distrusted: (origin) => {
      const { own, clock } = state();
      if (origin === region) own.mend(clock);
      watch.distrusted?.(origin);
    },
  });
}

function openTimes(
  { region, physical, timers, log, previous }: RegionPorts,
  tables: WorkingSet,
  replica: Replica,
  blank: boolean,
  state: () => RegionState,
): Pick<RegionState, "own" | "clock" | "promise" | "landed"> {
  const own = new OwnClock({ tables, region, physical, isDistrusted: replica.judging.isDistrusted });
  const clock = new HybridClock({ region, physical: own, highest: own.highest, life: own.life, boundMs: LIMITS.clockBoundMs });
  const beganMs = timers.monotonicMs();
  const isFirstLife = blank && log.head() === 0;
  // An epoch that is empty says nothing of the one before it, which a peer may not have read.
  const saysOfBefore = (): boolean => previous === undefined || log.head() > 0;
  const landed = (): boolean => saysOfBefore() && (isFirstLife || timers.monotonicMs() - beganMs >= LANDING_MS);
  const keep = (next: string): void => {
    tables.put("facts", "closed", next);
    state().committer.soon();
  };
  return { own, clock, promise: new ClosedPromise({ region, kept: own.closed, landed, keep }), landed };
}

/** Clock, promise and audit log are committed with the state that they speak of. */
function openCommitter({ timers, watch = {} }: RegionPorts, tables: WorkingSet, followers: Followers, state: () => RegionState): Committer {
  return new Committer({
    tables,
    timers,
    before: () => {
      const { own, clock, promise, replica } = state();
      own.keep(clock);
      promise.committing();
      replica.audit.committing();
    },
    refused: (cause) => watch.storeRefused?.(cause),
    committed: (tookMs, rows) => {
      const { promise, replica } = state();
      promise.committed();
      replica.audit.committed();
      watch.committed?.(tookMs, rows);
      tellCommitted(followers);
    },
  });
}
