/**
 * A reconciler beside the first one of its region: it brings its share of the channels into the stores that follow (Cassandra, MongoDB), and
 * decides nothing. It reads what the first one has committed, where it stands, on the disk they share; so all of them count changes alike,
 * and whichever dies goes on from what the stores say they hold.
 */
import { randomUUID } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StateStore } from "../core/ports/state-store.ts";
import type { Share } from "../core/share.ts";
import { openMetrics } from "../gateway/metrics.ts";
import { openLoneRegisters } from "../reconciliation/lone-registers.ts";
import { openProjections, seriesOf } from "../reconciliation/projections.ts";
import { askedToEnd } from "./asked-to-end.ts";
import { openBootClock } from "./boot-clock.ts";
import type { Config } from "./config.ts";
import { openLmdbStore } from "./embedded/lmdb-store.ts";
import { openOpsDoor } from "./ops-door.ts";
import { openProcessLog, type ProcessLog } from "./process-log.ts";
import { openRealTimers } from "./real-timers.ts";
import { CannotServe } from "./refusal.ts";
import { watchRegion } from "./region-metrics.ts";
import { openRegionStores } from "./region-stores.ts";
import { showProjections } from "./show-projections.ts";
import { version } from "./version.ts";

/** The first reconciler commits two to five times a second. */
const LOOK_MS = 100;
const AGAIN_MS = 200;
/** The page in hand, and its note. */
const DRAIN_MS = 8_000;

export async function serveShare(config: Config, share: Share): Promise<void> {
  const region = config.ATOLL_REGION;
  const log = openProcessLog(config.ATOLL_LOG_LEVEL, { region: config.ATOLL_REGION }).child({ share: `${share.nth}/${share.of}` });
  if (config.ATOLL_CASSANDRA_CONTACT_POINTS === undefined && config.ATOLL_MONGODB_URI === undefined)
    throw new CannotServe(
      "ATOLL_RECONCILER_SHARE shares out what is brought into Cassandra and MongoDB, and neither is named: set ATOLL_CASSANDRA_CONTACT_POINTS or ATOLL_MONGODB_URI, or leave the share out",
    );
  const asked = askedToEnd();
  const [clock, timers, boot] = [openBootClock(0), openRealTimers(), randomUUID()];
  const store = await Promise.race([whenThere(config.ATOLL_DATA_DIR, log), asked.then(() => undefined)]);
  if (store === undefined) return;
  const metrics = openMetrics({ region, version: version() });
  const nowMs = (): number => clock.nowMs();
  const { ATOLL_REDIS_URL: _, ...withoutRedis } = config;
  const stores = openRegionStores({ config: withoutRedis, boot, timers, nowMs, metrics, log, facts: () => projections.facts() });
  const projections = openProjections({
    ...{ region, boot, store, share, timers, nowMs, random: Math.random, watch: watchRegion(metrics, log) },
    ...(stores.history === undefined ? {} : { history: stores.history }),
    ...(stores.directory === undefined ? {} : { directory: stores.directory }),
  });
  await projections.begin();
  const looks = timers.every(LOOK_MS, () => {
    projections.nudge();
    showProjections(metrics, projections.facts());
  });
  const door = await openOpsDoor({
    ...{ host: config.ATOLL_HOST, port: config.ATOLL_PORT, registry: metrics.registry },
    readiness: () => stores.lines(),
  });
  log.info({ event: "share.ready", port: door.port }, "this process brings its share of the channels into the stores");

  const why = await asked;
  log.info({ event: "share.draining", why }, "the process ends");
  setTimeout(() => process.exit(1), DRAIN_MS).unref();
  looks.cancel();
  door.close();
  await projections.stop();
  await stores.close();
  await store.close();
  log.info({ event: "share.stopped" }, "the process has stopped");
}

/** In the data folder once the store is whole and its changes have their numbers: what is opened before shows nothing, also later. */
const SHARED = "shared";

/** The first reconciler says that others may read its store; and, when it starts, that they wait. */
export const shareStore = (dataDir: string): void => writeFileSync(join(dataDir, SHARED), "");
export const unshareStore = (dataDir: string): void => rmSync(join(dataDir, SHARED), { force: true });

async function whenThere(dataDir: string, log: ProcessLog): Promise<StateStore> {
  for (let tries = 0; ; tries += 1) {
    if (existsSync(join(dataDir, SHARED))) {
      const store = await openLmdbStore({ directory: join(dataDir, "store"), readOnly: true });
      if (seriesOf(store) !== undefined) return openLoneRegisters(store);
      throw new CannotServe("the store in ATOLL_DATA_DIR has no changes with numbers: start the first reconciler there again");
    }
    if (tries === 0) log.info({ event: "share.waits" }, "the first reconciler has made no store yet");
    await new Promise((later) => setTimeout(later, AGAIN_MS));
  }
}
