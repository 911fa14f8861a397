/** One region's process: opens the store, the log and the way to the peers, lets the region run on them, and opens its doors. SIGTERM drains it. */
import { createServer } from "node:http";
import { join } from "node:path";
import { openBootClock } from "./boot-clock.ts";
import type { Config } from "./config.ts";
import { openLmdbStore } from "./embedded/lmdb-store.ts";
import { connectRegion } from "./nats/connection.ts";
import { openLog } from "./nats/open-log.ts";
import { openPeerLink } from "./nats/peer-link.ts";
import { openRegionLog } from "./region-log.ts";
import { readTopology } from "./topology.ts";

/** The configuration cannot be served; no restart mends it. */
export class CannotServe extends Error {}

export async function serveRegion(config: Config): Promise<void> {
  const log = openRegionLog(config);
  const region = config.ATOLL_REGION;
  const topology = readTopology(config.ATOLL_TOPOLOGY);
  const peers = topology.regions.map(({ name }) => name).filter((name) => name !== region);
  if (peers.length === topology.regions.length) throw new CannotServe(`the topology has no region ${region}`);
  const store = await openLmdbStore({ directory: join(config.ATOLL_DATA_DIR, "store") });
  const nats = new URL(config.ATOLL_NATS_URL);
  const connection = await connectRegion({ region, url: `nats://${nats.host}`, user: nats.username, password: nats.password });
  const link = openPeerLink({ connection, peers });
  const clock = openBootClock(config.ATOLL_CLOCK_OFFSET_MS);
  const known = store.get("positions", region);
  const opened = await openLog({
    connection,
    link,
    ...(known ? { known } : {}),
    cleanStop: false,
    durableAcks: true,
    wallMs: clock.nowMs(),
  });
  log.info({ decided: opened.decided, epoch: opened.log.epoch }, "log.opened");
  const server = createServer((_, answer) => answer.end("region up\nlog up\n"));
  await new Promise<void>((done) => server.listen(config.ATOLL_PORT, config.ATOLL_HOST, done));
  log.info({ port: config.ATOLL_PORT }, "region.ready");
  await new Promise<void>((done) => {
    for (const signal of ["SIGTERM", "SIGINT", "disconnect"] as const) process.once(signal, () => done());
  });
  server.close();
  server.closeAllConnections();
  await opened.log.close();
  await link.close();
  await store.close();
  log.info("region.stopped");
}
