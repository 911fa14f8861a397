/** A running region follows the one list of regions: who its peers are, whose logs end, who is looked at and offered to clients. */
import type { Timers } from "../core/ports/time.ts";
import type { ReadyLine } from "../gateway/parts.ts";
import type { SteeringSettings } from "../geodns/steering-settings.ts";
import type { Region } from "../reconciliation/region-ports.ts";
import type { ProcessLog } from "./process-log.ts";
import type { Foundation } from "./region-foundation.ts";
import { readRetiredLogs } from "./retired-logs.ts";
import { peersOf, present, retiredBeside, steeringOf, type Topology, type TopologyRegion } from "./topology.ts";
import { changeBetween } from "./topology-change.ts";
import { watchTopology } from "./topology-watch.ts";

export interface LiveTopology {
  /** Regions that clients may be sent to. */
  regions(): readonly TopologyRegion[];
  anyRetired(): boolean;
  steering(): SteeringSettings;
  /** Whether the list on disk is followed, and if not, why. */
  ready(): ReadyLine;
  stop(): void;
}
export interface LiveTopologyOptions {
  readonly given: string;
  readonly first: Topology;
  readonly region: string;
  readonly foundation: Foundation;
  readonly running: Region;
  /** This region is building its state: what cannot be had of a peer itself is read at the others. */
  readonly joining: () => boolean;
  readonly timers: Timers;
  readonly log: ProcessLog;
}

export function followTopology({ given, first, region, foundation, running, joining, timers, log }: LiveTopologyOptions): LiveTopology {
  const { link } = foundation;
  let offered = present(first);
  const changed = (now: Topology, before: Topology): void => {
    const change = changeBetween(before, now);
    log.info({ event: "topology.changed", ...change }, "the list of regions has changed");
    if (change.retired.includes(region))
      log.warn({ event: "topology.retired" }, "this region is retired: its peers hear it no more; it may be stopped");
    const peers = peersOf(now, region);
    link.regroup(peers);
    running.regroup(peers, retiredBeside(now, region));
    offered = present(now);
  };
  const watch = watchTopology({
    given,
    first,
    timers,
    changed,
    refused: (problems) =>
      log.error({ event: "topology.refused", problems }, "the list of regions cannot be followed; the one before stays in force"),
  });
  const endRetired = readRetiredLogs({
    link,
    timers,
    origins: () => {
      const cutOff = joining() ? link.peers.filter((peer) => running.links.stateOf(peer) === "cut-off") : [];
      return [...retiredBeside(watch.current(), region), ...cutOff];
    },
    applied: () => running.replica.vector,
    heardOf: running.heardOf,
  });
  return {
    regions: () => offered,
    steering: () => steeringOf(watch.current()),
    anyRetired: () => retiredBeside(watch.current(), region).length > 0,
    ready: () => ({ name: "topology", ok: true, detail: watch.fault() ?? `${present(watch.current()).length} regions` }),
    stop: () => {
      watch.stop();
      endRetired();
    },
  };
}
