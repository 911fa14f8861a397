/**
 * A process of role gateway alone: sockets and calls of users, brought to the region's reconciler. It has no store and no log; as many of them
 * as there are sockets to hold run beside each other.
 */
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { hostname } from "node:os";
import { openEdge } from "../gateway/edge/edge.ts";
import { openEdgeMetrics } from "../gateway/edge/edge-metrics.ts";
import { trunkKey } from "../gateway/trunk/words.ts";
import { askedToEnd } from "./asked-to-end.ts";
import type { Config } from "./config.ts";
import { handedIn, tookWord } from "./hand-over.ts";
import { openProcessLog } from "./process-log.ts";
import { openRealTimers } from "./real-timers.ts";
import { CannotServe } from "./refusal.ts";

/** What a gateway says over its channel once it takes connections: one that came earlier would have been read by nobody. */
export const TAKES = "takes connections";

/** In flight 5 s, and the last words. */
const DRAIN_MS = 8_000;

export async function serveGateway(config: Config): Promise<void> {
  const { ATOLL_RECONCILER_URL: reconciler, ATOLL_REGION: region } = config;
  if (reconciler === undefined)
    throw new CannotServe("ATOLL_RECONCILER_URL is missing: set it to http://host:port of the region's reconciler");
  const name =
    config.ATOLL_GATEWAY_NAME ??
    hostname()
      .replace(/[^\w.-]/g, "-")
      .slice(0, 64);
  const log = openProcessLog(config.ATOLL_LOG_LEVEL, { region: config.ATOLL_REGION }).child({ gateway: name });
  const asked = askedToEnd();
  const edge = await openEdge({
    host: config.ATOLL_HOST,
    port: config.ATOLL_PORT,
    reconciler: reconciler.replace(/\/+$/, ""),
    key: trunkKey(config.ATOLL_MESH_SECRET, region),
    name,
    timers: openRealTimers(),
    newId: randomUUID,
    log,
    metrics: openEdgeMetrics(region, name),
    ...(config.ATOLL_ALLOWED_ORIGINS.includes("*") ? {} : { allowedOrigins: config.ATOLL_ALLOWED_ORIGINS }),
  });
  process.on("message", (message, handed) => {
    const nth = handedIn(message);
    if (nth === undefined) return;
    if (handed !== undefined) edge.take(handed as Socket);
    process.send?.(tookWord(nth));
  });
  process.send?.(TAKES);
  log.info({ event: "gateway.ready", port: edge.port, reconciler }, "the gateway takes sockets and calls");

  const why = await asked;
  log.info({ event: "gateway.draining", why, sockets: edge.sockets() }, "the gateway drains");
  setTimeout(() => {
    log.error({ event: "gateway.drain-late" }, "the drain took too long; ending as it is");
    process.exit(1);
  }, DRAIN_MS).unref();
  await edge.drain();
  await edge.close();
  log.info({ event: "gateway.stopped" }, "the gateway has stopped");
}
