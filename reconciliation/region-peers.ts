/**
 * A region's peers, as it lives with them: what it hears of each by beats and says of itself, whose logs it follows, whose people are where, and
 * what it lacks of theirs when it starts.
 */
import { LIMITS } from "../core/limits.ts";
import type { Point, Vector } from "../core/position.ts";
import { parsePoint, START } from "../core/position.ts";
import { ClockWitness, type Witnessed } from "./clock-witness.ts";
import { followedBy } from "./followed.ts";
import type { Following } from "./following.ts";
import { openPresence } from "./presence-exchange.ts";
import { Refill } from "./refill.ts";
import type { Region, RegionPorts } from "./region-ports.ts";
import type { Replica } from "./replica.ts";
import { RegionSyncBoard } from "./sync-board.ts";
import { openTracing, type Tracing } from "./tracing.ts";
import type { WorkingSet } from "./working-set.ts";

export interface PeersParts extends Pick<RegionPorts, "region" | "link" | "timers" | "physical" | "boot" | "log" | "retired" | "watch"> {
  readonly tables: WorkingSet;
  readonly replica: Replica;
  /** How far the own log is closed: for this life, and as promised to peers (H6). */
  readonly closed: () => { readonly completeMs: number; readonly closedMs: number };
  readonly draining: () => boolean;
  /** The store takes rows. */
  readonly room: () => boolean;
  /** The store was empty at the start. */
  readonly blank: boolean;
  /** All that the region had known is applied again. */
  readonly filled: () => void;
  /** What the own log says this region had applied. */
  readonly remembered: Vector;
  /** A peer's word on what it has applied of the own log; undefined where it is none. */
  readonly appliedThere: (point: Point | undefined) => void;
  readonly appendWitness: (data: Witnessed) => Promise<void>;
}

export interface RegionPeers extends Pick<Region, "links" | "presence" | "gates" | "regroup" | "heardOf"> {
  readonly tracing: Tracing;
  readonly refill: Refill;
  /** Whether the log of this region is followed here. */
  follows(origin: string): boolean;
  /** There is room in the store again. */
  drain(): void;
  stop(): Promise<void>;
}

/** Follows every peer's log from the first moment; `links` is started by its owner, when everything that hears of it stands. */
export function openPeers(parts: PeersParts): RegionPeers {
  const { region, link, timers, physical, boot, log, replica, tables, watch = {} } = parts;
  const nowMs = (): number => physical.nowMs();
  const presence = openPresence({
    link,
    timers,
    nowMs,
    boot,
    formerBootMs: LIMITS.formerBootMs,
    exchanged: (peer) => watch.presenceExchanged?.(peer),
  });
  const witness: ClockWitness = new ClockWitness({
    get regions() {
      return link.peers.length + 1;
    },
    nowMs: () => links.present.judgingMs(),
    timers,
    known: (origin) => replica.judging.witnessed(origin, region),
    appendWitness: parts.appendWitness,
  });
  const links: RegionSyncBoard = new RegionSyncBoard({
    link,
    timers,
    clock: physical,
    boot,
    applied: () => replica.vector,
    own: () => ({ epoch: log.epoch, head: log.head(), ...parts.closed() }),
    presence: () => presence.beatFields(),
    audit: () => replica.audit.told,
    draining: parts.draining,
    witness,
  });
  const followings = openFollowings(parts, witness);
  const refill = new Refill({
    peers: link.peers,
    blank: parts.blank,
    remembered: parts.remembered,
    applied: () => replica.vector,
    mirrorHead: (peer) => followings.of(peer)?.mirrorHead() ?? Promise.resolve(START),
    isCutOff: (peer) => links.stateOf(peer) === "cut-off",
    timers,
    ended: (missing) => {
      if (missing === 0) parts.filled();
      watch.refilled?.(missing);
    },
  });
  const tracing = openTracing({
    region,
    peers: () => link.peers,
    tables,
    applied: () => replica.vector,
    nowMs,
    watermark: (channel) => links.watermark(channel),
  });
  links.onPeerBeat((beat) => {
    tracing.hear(beat);
    parts.appliedThere(parsePoint(beat.applied[region] ?? ""));
    followings.of(beat.region)?.heard(beat.epoch, beat.head);
    refill.heard(beat.region, { epoch: beat.epoch, sequence: beat.head, place: 0 });
    presence.onPeerBeat(beat.region, beat.presence);
  });
  links.onLink((change) => {
    presence.onLink(change.peer, change.state);
    watch.link?.(change);
  });
  return {
    links,
    presence,
    tracing,
    refill,
    gates: followings.gates,
    follows: followings.follows,
    regroup: (peers, retired) => {
      followings.follow([...peers, ...retired]);
      links.regroup(peers);
      presence.regroup(peers);
    },
    heardOf: (retired, epoch, head) => followings.of(retired)?.heard(epoch, head),
    drain: followings.drain,
    stop: async () => {
      refill.close();
      await followings.stop();
    },
  };
}

/** The logs that are followed here: of all peers, and of regions that are gone for good. */
function openFollowings({ link, replica, timers, retired = [], watch = {}, room }: PeersParts, witness: ClockWitness) {
  const followed = followedBy({ link, replica, witness, timers, watch, room });
  const all = new Map<string, Following>();
  const follow = (origins: readonly string[]): void => {
    for (const origin of origins) if (!all.has(origin)) all.set(origin, followed(origin));
  };
  follow([...link.peers, ...retired]);
  return {
    follow,
    follows: (origin: string) => all.has(origin),
    of: (origin: string) => all.get(origin),
    gates: () => new Map([...all].map(([origin, one]) => [origin, one.counts])),
    drain: () => {
      for (const one of all.values()) one.drain();
    },
    stop: async () => {
      await Promise.all([...all.values()].map((one) => one.stop()));
    },
  };
}
