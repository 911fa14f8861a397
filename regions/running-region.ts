/** Lets a region run on its foundation, with the stores beside it that are configured. */
import { openRegion } from "../reconciliation/region.ts";
import type { Region } from "../reconciliation/region-ports.ts";
import type { Foundation } from "./region-foundation.ts";
import type { RegionLife } from "./region-life.ts";
import { watchRegion } from "./region-metrics.ts";
import { openRegionStores, type RegionStores } from "./region-stores.ts";
import { shareOf } from "./role-settings.ts";
import { peersOf, retiredBeside } from "./topology.ts";
import { webhooksOf } from "./webhooks/open-webhooks.ts";

export interface RunningRegion {
  readonly running: Region;
  readonly stores: RegionStores;
}

export async function runRegion(life: RegionLife, { store, link, opened }: Foundation): Promise<RunningRegion> {
  const { config, region, topology, clock, timers, metrics, log, boot } = life;
  let projecting: Region | undefined;
  const stores = openRegionStores({
    ...{ config, boot, timers, metrics, log },
    nowMs: () => clock.nowMs(),
    facts: () => projecting?.projections() ?? [],
  });
  const running = await openRegion({
    region,
    regions: [region, ...peersOf(topology, region)],
    retired: retiredBeside(topology, region),
    store,
    log: opened.log,
    earlier: opened.earlier,
    ...(opened.previous === undefined ? {} : { previous: opened.previous }),
    link,
    timers,
    physical: clock,
    random: Math.random,
    secret: config.ATOLL_MESH_SECRET,
    boot,
    ...(stores.history === undefined ? {} : { history: stores.history, cacheHistory: stores.cacheHistory }),
    ...(stores.directory === undefined ? {} : { directory: stores.directory }),
    ...(stores.sharedPages === undefined ? {} : { sharedPages: stores.sharedPages }),
    share: shareOf(config),
    ...webhooksOf(config, timers),
    watch: watchRegion(metrics, log),
  });
  projecting = running;
  stores.onFormer?.((users) => running.presence.former(users));
  return { running, stores };
}
