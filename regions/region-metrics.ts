/** What a region does, as numbers (contract §6): the gateway counts its doors; this counts what happens behind them. */
import type { Timers } from "../core/ports/time.ts";
import { readKey } from "../core/register.ts";
import type { Metrics } from "../gateway/metrics.ts";
import { shownKind } from "../reconciliation/read/conflict-view.ts";
import type { Region } from "../reconciliation/region-ports.ts";
import type { RegionWatch } from "../reconciliation/region-watch.ts";
import type { ProcessLog } from "./process-log.ts";
import { showProjections } from "./show-projections.ts";

const STATES = ["live", "lagging", "cut-off", "healing"] as const;
const EVERY_MS = 1_000;

/** Counts and logs what the region tells while it runs. */
export function watchRegion(metrics: Metrics, log: ProcessLog): RegionWatch {
  const healing = new Map<string, number>();
  return {
    applied: ({ placed, silent, records }) => {
      metrics.eventsApplied.inc({ origin: placed.position.origin });
      if (silent) metrics.duplicates.inc({ source: "twin" });
      for (const { register, record, before } of records)
        if (before === undefined) metrics.conflicts.inc({ register: shownKind(readKey(register.key).kind), rule: record.rule });
    },
    took: (_, __, tookMs) => metrics.applySeconds.observe(tookMs / 1_000),
    presenceExchanged: (peer) => metrics.presenceExchanges.inc({ peer }),
    committed: (tookMs) => metrics.storeSeconds.observe({ store: "lmdb", operation: "commit" }, tookMs / 1_000),
    projected: (sink, changes, tookMs) => {
      metrics.projectedChanges.inc({ store: sink }, changes);
      metrics.storeSeconds.observe({ store: sink, operation: "project" }, tookMs / 1_000);
    },
    refilling: (sink, changes) => {
      metrics.refills.inc({ store: sink });
      log.warn(
        { event: "store.refilling", store: sink, changes },
        `the ${sink} store has lost what it had acknowledged; it is brought again`,
      );
    },
    mended: (sink, rows) => {
      metrics.routingMismatches.inc({ in: sink }, rows);
      log.warn({ event: "store.mended", store: sink, rows }, `the ${sink} store said otherwise than the region; it is told again`);
    },
    sinkFailed: (sink, why) =>
      log.warn({ event: "store.unreachable", store: sink, why: String(why) }, `the ${sink} store is out of reach; changes wait on disk`),
    sinkBack: (sink) => log.info({ event: "store.back", store: sink }, `the ${sink} store takes changes`),
    hookTried: (outcome, tookMs) => {
      metrics.hookDeliveries.inc({ outcome });
      if (tookMs !== undefined) metrics.hookSeconds.observe(tookMs / 1_000);
    },
    hookHalted: (reason, webhook) => {
      metrics.hooksDisabled.inc({ reason });
      log.warn({ event: "webhook.halted", webhook, reason }, "a webhook is halted in every region until somebody changes it");
    },
    historyRead: (by) => metrics.historyReads.inc({ by }),
    storeRefused: (cause) => log.error({ event: "store.refused", cause: String(cause) }, "the store takes no rows; trying again"),
    distrusted: (origin) => metrics.distrustedStamps.inc({ origin }),
    quarantined: (origin) => {
      metrics.quarantinedEvents.inc({ origin });
      log.warn({ event: "event.quarantined", origin }, "an event could not be taken and is kept aside");
    },
    lost: (peer, epoch, from, to) => {
      metrics.sequenceGaps.inc({ origin: peer });
      log.error({ event: "log.gap", peer, epoch, from, to }, "messages of a peer can be had from nobody");
    },
    refilled: (missing) => {
      if (missing === 0) log.info({ event: "region.refilled" }, "the store holds again what the region knew");
      else log.error({ event: "region.refilled", missing }, "messages of peers that the region knew did not come; it answers without them");
    },
    link: ({ peer, state, before }) => {
      log.info({ event: "link.changed", peer, state, before }, `link to ${peer}: ${state}`);
      if (state === "healing") healing.set(peer, performance.now());
      const began = healing.get(peer);
      if (state === "live" && began !== undefined) {
        metrics.healSeconds.observe({ peer, phase: "streams" }, (performance.now() - began) / 1_000);
        healing.delete(peer);
      }
    },
  };
}

/** Shows the state of links and clocks; returns what ends it. */
export function showLinks(metrics: Metrics, region: Region, timers: Timers): () => void {
  const counted = new Growth();
  let shown: readonly string[] = [];
  const forget = (peer: string): void => {
    for (const state of STATES) metrics.linkState.remove({ peer, state });
    for (const one of [metrics.linkHeartbeatAge, metrics.linkRtt, metrics.clockSkew, metrics.mirrorLagEvents, metrics.mirrorLagSeconds])
      one.remove({ peer });
  };
  const show = (): void => {
    metrics.auditEntries.inc(counted.since("audit", region.replica.auditEntries));
    showProjections(metrics, region.projections());
    metrics.hookQueue.set(region.hooksWaiting());
    for (const [status, users] of Object.entries(region.presence.counts())) metrics.presenceUsers.set({ status }, users);
    for (const [origin, { gaps, duplicates }] of region.gates()) {
      metrics.sequenceGaps.inc({ origin }, counted.since(`gaps ${origin}`, gaps));
      metrics.duplicates.inc({ source: "gate" }, counted.since(`duplicates ${origin}`, duplicates));
    }
    const facts = region.links.facts();
    for (const peer of shown) if (!facts.some((one) => one.peer === peer)) forget(peer);
    shown = facts.map(({ peer }) => peer);
    for (const { peer, state, beatAgeMs, rttMs, offsetMs, lagEvents, lagMs } of facts) {
      for (const one of STATES) metrics.linkState.set({ peer, state: one }, one === state ? 1 : 0);
      if (beatAgeMs !== null) metrics.linkHeartbeatAge.set({ peer }, beatAgeMs / 1_000);
      if (rttMs !== null) metrics.linkRtt.set({ peer }, rttMs / 1_000);
      if (offsetMs !== null) metrics.clockSkew.set({ peer }, offsetMs / 1_000);
      metrics.mirrorLagEvents.set({ peer }, lagEvents);
      metrics.mirrorLagSeconds.set({ peer }, lagMs / 1_000);
    }
  };
  show();
  const timer = timers.every(EVERY_MS, show);
  return () => timer.cancel();
}

/** Counters of the region become counters of Prometheus: what has been added since the last look. A gate that starts anew counts from 0. */
class Growth {
  readonly #seen = new Map<string, number>();

  since(name: string, now: number): number {
    const before = this.#seen.get(name) ?? 0;
    this.#seen.set(name, now);
    return now >= before ? now - before : now;
  }
}
