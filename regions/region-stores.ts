/**
 * The stores that a region uses beside its log and its own disk, where they are configured. None of them is waited for: each says whether it is
 * degraded, and is brought up to date when it returns.
 */
import type { ConnectionRegistry } from "../core/ports/connection-registry.ts";
import type { DirectoryStore } from "../core/ports/directory-store.ts";
import type { HistoryStore } from "../core/ports/history-store.ts";
import type { RegionRates } from "../core/ports/region-rates.ts";
import type { SharedPages } from "../core/ports/shared-pages.ts";
import type { StoreHealth } from "../core/ports/store-health.ts";
import type { StoreDesk } from "../core/ports/store-modes.ts";
import { DEFAULT_LIMITS, type ReadyLine } from "../gateway/parts.ts";
import { allowanceOf } from "../gateway/rates.ts";
import { followingHealth } from "./following-health.ts";
import { openMongo } from "./mongodb/connection.ts";
import { openMongoDirectory } from "./mongodb/directory.ts";
import type { ProcessLog } from "./process-log.ts";
import { openRedis } from "./redis/connection.ts";
import { formerUsers } from "./redis/former-users.ts";
import { openRedisRates } from "./redis/rates.ts";
import { openRedisRegistry } from "./redis/registry.ts";
import { openRedisPages } from "./redis/shared-pages.ts";
import { openRegionHistory, type RegionStoresParts } from "./region-cassandra.ts";
import { tlsOf } from "./store-settings.ts";

export interface RegionStores {
  readonly history: HistoryStore | undefined;
  readonly cacheHistory: () => boolean;
  /** What an operator sees of the stores, and may switch. */
  readonly desk: StoreDesk;
  readonly registry?: ConnectionRegistry;
  readonly rates?: RegionRates;
  readonly directory?: DirectoryStore;
  readonly sharedPages?: SharedPages;
  /** Calls back with the users of this region's former life, once, if that can still be known. */
  readonly onFormer?: (tell: (users: readonly string[]) => void) => void;
  /** One line a store, for `/readyz?verbose`: never a reason to be unready. */
  lines(): readonly ReadyLine[];
  /** Names of stores that are out of reach or behind. */
  degraded(): readonly string[];
  close(): Promise<void>;
}

interface Store {
  readonly name: string;
  readonly health: () => StoreHealth;
  readonly close: () => Promise<void>;
}

export function openRegionStores(parts: RegionStoresParts): RegionStores {
  const redis = openRedisParts(parts);
  const history = openRegionHistory(parts);
  const cassandra: Store = {
    name: "cassandra",
    health: () => history.health() ?? { state: "ok", detail: "embedded" },
    close: () => history.close(),
  };
  const mongodb = openDirectory(parts);
  const stores: readonly Store[] = [
    ...(history.history === undefined ? [] : [cassandra]),
    ...(mongodb === undefined ? [] : [mongodb.store]),
    ...(redis === undefined ? [] : [redis.store]),
  ];
  return {
    ...redis?.ports,
    ...mongodb?.ports,
    history: history.history,
    cacheHistory: history.cacheHistory,
    desk: history.desk,
    lines: () => stores.map(({ name, health }) => ({ name, ok: true, detail: wordsOf(health()) })),
    degraded: () => stores.filter(({ health }) => health().state === "degraded").map(({ name }) => name),
    close: async () => {
      await Promise.all(stores.map((store) => store.close()));
    },
  };
}

function openRedisParts({ config, boot, timers, nowMs, metrics, log }: RegionStoresParts) {
  const url = config.ATOLL_REDIS_URL;
  if (url === undefined) return undefined;
  const tls = tlsOf(config, "REDIS");
  const link = openRedis({
    url,
    region: config.ATOLL_REGION,
    ...(tls === undefined ? {} : { tls: tls }),
    timers,
    nowMs,
    observe: (operation, seconds) => metrics.storeSeconds.observe({ store: "redis", operation }, seconds),
    changed: (health) => tellChange(log, "redis", health),
  });
  const mismatched = (entries: number): void => metrics.routingMismatches.inc({ in: "registry" }, entries);
  mismatched(0);
  const registry = openRedisRegistry({ link, gateway: boot, timers, nowMs, mismatched });
  const store: Store = {
    name: "redis",
    health: () => link.health(),
    close: async () => {
      await registry.close();
      await link.close();
    },
  };
  /** By the time Redis is reached late, what it held of a former life has ended there too. */
  const onFormer = (tell: (users: readonly string[]) => void): void => {
    let asked = false;
    const ask = (): void => {
      if (asked) return;
      asked = true;
      void formerUsers(registry, boot).then(tell, () => {}); // they are offline then, until they are back
    };
    link.onReturn(ask);
    if (link.usable()) ask();
  };
  return {
    store,
    ports: { onFormer, registry, rates: openRedisRates(link, allowanceOf(DEFAULT_LIMITS)), sharedPages: openRedisPages(link, timers) },
  };
}

function openDirectory({ config, metrics, nowMs, facts }: RegionStoresParts) {
  const uri = config.ATOLL_MONGODB_URI;
  if (uri === undefined) return undefined;
  metrics.routingMismatches.inc({ in: "directory" }, 0);
  const observe = (operation: string, seconds: number): void => metrics.storeSeconds.observe({ store: "mongodb", operation }, seconds);
  const tls = tlsOf(config, "MONGODB");
  const directory = openMongoDirectory(
    openMongo({ uri, database: `atoll_${config.ATOLL_REGION}`, ...(tls === undefined ? {} : { tls }), observe }),
  );
  const store: Store = {
    name: "mongodb",
    health: () => followingHealth("directory", facts(), nowMs()),
    close: () => directory.close(),
  };
  return { store, ports: { directory } };
}

const wordsOf = (health: StoreHealth): string =>
  health.state === "ok" ? health.detail : `degraded since ${new Date(health.sinceMs).toISOString()}: ${health.detail}`;

function tellChange(log: ProcessLog, store: string, health: StoreHealth): void {
  const facts = { event: "store.state", store, ...health };
  if (health.state === "ok") log.info(facts, `${store} answers`);
  else log.warn(facts, `${store} is out of reach; the region goes on without it`);
}
