/** What a region stands on: its store on disk, its servers, its log, and the way to its peers. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { StateStore } from "../core/ports/state-store.ts";
import type { PhysicalClock } from "../core/stamp.ts";
import { type LogShelf, type OpenedLog, openLog } from "../reconciliation/log-opening.ts";
import { openLoneRegisters } from "../reconciliation/lone-registers.ts";
import { storedLog } from "../reconciliation/stored-log.ts";
import type { Config } from "./config.ts";
import { openLmdbStore } from "./embedded/lmdb-store.ts";
import { checkForEver } from "./for-ever.ts";
import { connectRegion, type RegionConnection } from "./nats/connection.ts";
import { acksAreDurable } from "./nats/durable-acks.ts";
import type { NatsEventLog } from "./nats/event-log.ts";
import { natsShelf } from "./nats/log-shelf.ts";
import { type NatsPeerLink, openPeerLink } from "./nats/peer-link.ts";
import type { ProcessLog } from "./process-log.ts";
import { CannotServe } from "./refusal.ts";
import { whenJetStreamIsOn } from "./stuck-log.ts";
import { peersOf, type Topology } from "./topology.ts";

export interface Foundation {
  readonly store: StateStore;
  readonly connection: RegionConnection;
  readonly link: NatsPeerLink;
  readonly shelf: LogShelf;
  readonly opened: OpenedLog<NatsEventLog>;
  readonly durableAcks: boolean;
  /** `clean`: everything accepted is in the store, so the next start need not fear for the log's tail (L3). */
  close(clean: boolean): Promise<void>;
}

/** Where the region notes that it went in order; taken away at the start. */
const CLEAN_STOP = "cleanStop";

/** "nats://app:secret@h1:4222,h2:4222" -> servers, user, password. */
function natsAccess(given: string): { readonly url: string; readonly user: string; readonly password: string } {
  const [, user = "", password = "", hosts = ""] = /^nats:\/\/(?:([^:@]*):([^@]*)@)?(.+)$/.exec(given) ?? [];
  if (hosts === "") throw new CannotServe("ATOLL_NATS_URL is not nats://[user:password@]host:port[,host:port]");
  return {
    url: hosts
      .split(",")
      .map((host) => `nats://${host}`)
      .join(","),
    user: decodeURIComponent(user),
    password: decodeURIComponent(password),
  };
}

async function durability(config: Config, log: ProcessLog): Promise<boolean> {
  if (config.ATOLL_NATS_MONITOR_URL === undefined) return config.ATOLL_NATS_ACKS === "durable";
  const durable = await acksAreDurable(config.ATOLL_NATS_MONITOR_URL).catch((error: unknown) => {
    log.warn(
      { event: "nats.monitor-unread", cause: String(error) },
      "the server's monitoring page cannot be read; its acks are taken as configured",
    );
    return config.ATOLL_NATS_ACKS === "durable";
  });
  if (durable) return true;
  if (config.ATOLL_MODE === "production")
    throw new CannotServe(
      "the JetStream server does not sync before it answers: put `sync_interval: always` into its jetstream block (nats-server 2.10 or newer)",
    );
  log.warn(
    { event: "nats.acks-not-durable" },
    "accepted messages may be lost in a power failure: the server does not sync before it answers",
  );
  return false;
}

export async function layFoundation(
  config: Config,
  topology: Topology,
  clock: PhysicalClock,
  log: ProcessLog,
  askForJetStream: () => void,
): Promise<Foundation> {
  const region = config.ATOLL_REGION;
  const directory = join(config.ATOLL_DATA_DIR, "store");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const store = openLoneRegisters(await openLmdbStore({ directory }));
  await checkForEver(store, topology, region, config.ATOLL_MESH_SECRET);
  const connection = await connectRegion({
    region,
    ...natsAccess(config.ATOLL_NATS_URL),
    ...(config.ATOLL_NATS_NKEY_SEED === undefined ? {} : { nkeySeed: config.ATOLL_NATS_NKEY_SEED }),
  });
  log.info({ event: "nats.connected", version: connection.serverVersion }, "connected to the region's JetStream tier");
  await whenJetStreamIsOn(connection, askForJetStream);
  const durableAcks = await durability(config, log);
  const replicas = config.ATOLL_NATS_REPLICAS;
  const link = openPeerLink({ connection, peers: peersOf(topology, region), replicas, stored: (origin) => storedLog(store, origin) });
  const cleanStop = store.get("facts", CLEAN_STOP) === true;
  await store.commit([{ table: "facts", key: CLEAN_STOP, value: undefined }]);
  const shelf = natsShelf({ connection, link, replicas });
  const opened = await openLog({
    shelf,
    peers: link.peers,
    stored: storedLog(store, region),
    cleanStop,
    durableAcks,
    wallMs: clock.nowMs(),
  });
  log.info(
    { event: "log.opened", decided: opened.decided, epoch: opened.log.epoch, head: opened.log.head(), cleanStop },
    "the region's log is open",
  );
  opened.log.onState(({ available, why }) =>
    log.warn({ event: "log.state", available, why }, available ? "the log answers again" : "the log does not answer"),
  );
  return {
    store,
    connection,
    link,
    shelf,
    opened,
    durableAcks,
    close: async (clean) => {
      await Promise.all([opened.log, ...opened.earlier].map((one) => one.close()));
      if (clean) await store.commit([{ table: "facts", key: CLEAN_STOP, value: true }]);
      await link.close();
      await store.close();
    },
  };
}
