/**
 * One region's process: lays its foundation (store, servers, log, peers), lets the region run on it, and opens its doors. It drains when it is
 * asked to end, and also when the supervisor that started it is gone: goodbye to every connection, what is in flight, the commit, the stores.
 */
import { askedToEnd } from "./asked-to-end.ts";
import { openBeside } from "./beside-region.ts";
import type { Config } from "./config.ts";
import { isJoining } from "./joining.ts";
import { topologyToServe } from "./may-serve.ts";
import { openProcessLog, type ProcessLog } from "./process-log.ts";
import { layFoundation } from "./region-foundation.ts";
import { openRegionGateway } from "./region-gateway.ts";
import { beginLife } from "./region-life.ts";
import { shareOf } from "./role-settings.ts";
import { runRegion } from "./running-region.ts";
import { shareStore, unshareStore } from "./serve-share.ts";
import { askForJetStream } from "./stuck-log.ts";

/** In flight 5 s, the commit, the stores; after this the process ends whatever is left. */
const DRAIN_MS = 11_000;

export async function serveRegion(config: Config): Promise<void> {
  const log = openProcessLog(config.ATOLL_LOG_LEVEL, { region: config.ATOLL_REGION });
  const topology = topologyToServe(config);
  const asked = askedToEnd();
  log.info({ event: "region.starting", mode: config.ATOLL_MODE, clockOffsetMs: config.ATOLL_CLOCK_OFFSET_MS }, "the region starts");
  const life = beginLife(config, topology, log);
  unshareStore(config.ATOLL_DATA_DIR);
  const foundation = await layFoundation(config, topology, life.clock, log, askForJetStream);
  const joins = await isJoining(foundation.store);
  const { running, stores } = await runRegion(life, foundation);
  if (shareOf(config).of > 1) shareStore(config.ATOLL_DATA_DIR);
  let connections = (): number => 0;
  const beside = await openBeside({ life, foundation, running, joins, connections: () => connections() });
  const gateway = await openRegionGateway({ life, foundation, running, stores, beside });
  connections = () => gateway.connections();
  log.info({ event: "region.ready", port: gateway.port }, "the region serves its users");

  const why = await asked;
  log.info({ event: "region.draining", why, connections: gateway.connections() }, "the region drains");
  endInTime(log);
  await gateway.drain("restart");
  await running.drain();
  await beside.end();
  await gateway.close();
  await stores.close();
  await foundation.close(true);
  log.info({ event: "region.stopped" }, "the region has stopped; everything accepted is committed");
}

function endInTime(log: ProcessLog): void {
  setTimeout(() => {
    log.error({ event: "region.drain-late" }, "the drain took too long; ending as it is");
    process.exit(1);
  }, DRAIN_MS).unref();
}
