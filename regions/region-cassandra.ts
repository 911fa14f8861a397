/** A region's message history in Cassandra, as its settings name it; nothing of a message waits for it. */
import { setTimeout as pause } from "node:timers/promises";
import { Refusal } from "../core/errors.ts";
import type { HistoryStore } from "../core/ports/history-store.ts";
import type { StoreHealth } from "../core/ports/store-health.ts";
import type { StoreDesk, StoreFacts, StoreSetting } from "../core/ports/store-modes.ts";
import type { Timers } from "../core/ports/time.ts";
import type { Metrics } from "../gateway/metrics.ts";
import { accessOf } from "./cassandra/access.ts";
import type { OpenCassandra } from "./cassandra/open.ts";
import { openCassandra } from "./cassandra/open.ts";
import { repairPlan } from "./cassandra/repair-plan.ts";
import { markAndRead } from "./cassandra/replica-marks.ts";
import type { Config } from "./config.ts";
import { followingHealth } from "./following-health.ts";
import type { ProcessLog } from "./process-log.ts";

const MARK_MS = 1_000;

/** What a region's stores beside the log are opened with. */
export interface RegionStoresParts {
  readonly config: Config;
  /** This life of the process, unlike every other. */
  readonly boot: string;
  readonly timers: Timers;
  readonly nowMs: () => number;
  readonly metrics: Metrics;
  readonly log: ProcessLog;
  /** What the region says of the stores that follow it; nothing before it runs. */
  readonly facts: () => readonly StoreFacts[];
}
export interface RegionHistory {
  readonly desk: StoreDesk;
  readonly history: HistoryStore | undefined;
  readonly cacheHistory: () => boolean;
  health(): StoreHealth | undefined;
  close(): Promise<void>;
}

/** What the operator may switch while it runs, and the cluster where one is named. */
export function openRegionHistory(parts: RegionStoresParts): RegionHistory {
  let setting: StoreSetting = { mode: "normal", consistency: parts.config.ATOLL_CASSANDRA_READS };
  const cassandra = open(parts, () => setting);
  const endMarks = cassandra === undefined ? undefined : watchReplicas(parts, cassandra);
  return {
    desk: {
      setting: () => setting,
      set: (change) => {
        setting = { ...setting, ...change };
        parts.log.warn({ event: "store.mode", ...setting }, `history is read in mode ${setting.mode}, at ${setting.consistency}`);
      },
      stores: parts.facts,
      repairPlan: async () => {
        if (cassandra === undefined) throw new Refusal("unavailable", "No history store is configured here: there is nothing to repair.");
        return repairPlan(cassandra.session).catch((why: unknown) => {
          throw new Refusal("unavailable", `The history store does not answer: ${String(why)}`, { retryAfterS: 5 });
        });
      },
    },
    history: cassandra?.history,
    cacheHistory: () => setting.mode === "cached",
    health: () => (cassandra === undefined ? undefined : followingHealth("history", parts.facts(), parts.nowMs())),
    close: async () => {
      endMarks?.();
      await cassandra?.history.close();
    },
  };
}

function open({ config, boot, nowMs, metrics, log }: RegionStoresParts, setting: () => StoreSetting): OpenCassandra | undefined {
  const access = accessOf(config);
  if (access === undefined) return undefined;
  return openCassandra({
    ...access,
    boot,
    nowMs,
    pause,
    mayMigrate: config.ATOLL_MIGRATE === "yes",
    readConsistency: () => (setting().mode === "normal" ? setting().consistency : "one"),
    answered: (operation, consistency, tookMs) => {
      metrics.executedConsistency.inc({ store: "cassandra", operation, consistency });
      metrics.storeSeconds.observe({ store: "cassandra", operation }, tookMs / 1_000);
    },
    // The channel is named by its identity: what people call it is nobody's business in a log.
    splitting: (channel, length, sinceMs) =>
      log.warn(
        { event: "store.splitting", channel, length, since: new Date(sinceMs).toISOString() },
        "a hot channel goes on in finer buckets",
      ),
  });
}

/** Only where the keyspace stands in several data centres: elsewhere no region is to be seen but this one. */
function watchReplicas({ config, nowMs, timers, metrics }: RegionStoresParts, { session }: OpenCassandra): (() => void) | undefined {
  if (!config.ATOLL_CASSANDRA_REPLICATION?.includes(",")) return undefined;
  const timer = timers.every(MARK_MS, () => {
    markAndRead({ session, region: config.ATOLL_REGION, nowMs }).then(
      (ages) => {
        for (const [peer, ageMs] of ages) metrics.replicaAge.set({ store: "cassandra", peer }, ageMs / 1_000);
      },
      () => {}, // out of reach: the projection says so
    );
  });
  return () => timer.cancel();
}
