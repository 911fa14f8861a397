/** The doors of a running region: its gateway, given all that the region and what goes on beside it can answer. */
import { randomUUID } from "node:crypto";
import { Refusal } from "../core/errors.ts";
import { hmac256 } from "../core/hash.ts";
import type { Gateway, ReadyLine } from "../gateway/parts.ts";
import { openGateway } from "../gateway/server.ts";
import { trunkKey } from "../gateway/trunk/words.ts";
import type { Region } from "../reconciliation/region-ports.ts";
import { yjsTexts } from "../reconciliation/text-merge.ts";
import type { BesideRegion } from "./beside-region.ts";
import { relayDocuments } from "./document-relay.ts";
import type { Foundation } from "./region-foundation.ts";
import type { RegionLife } from "./region-life.ts";
import { openRouteSnapshots } from "./route-snapshots.ts";
import type { RunningRegion } from "./running-region.ts";
import type { LogWatch } from "./stuck-log.ts";
import { relayTyping } from "./typing-relay.ts";
import { version } from "./version.ts";

export interface RegionGatewayParts extends RunningRegion {
  readonly life: RegionLife;
  readonly foundation: Foundation;
  readonly beside: BesideRegion;
}

export function openRegionGateway({ life, foundation, running, stores, beside }: RegionGatewayParts): Promise<Gateway> {
  const { config, region, clock, timers, metrics, log } = life;
  const { link } = foundation;
  const { joining, live, geo, steering, logWatch, auth } = beside;
  return openGateway({
    mesh: hmac256(config.ATOLL_MESH_SECRET, "mesh of cursors").slice(0, 12),
    region,
    version: version(),
    host: config.ATOLL_HOST,
    port: config.ATOLL_PORT,
    acceptor: running.acceptor,
    reader: running.reader,
    texts: yjsTexts,
    history: running.history,
    desk: stores.desk,
    feed: running.feed,
    tracer: running.tracer,
    webhooks: running.webhooks,
    routes: running.routes,
    routeSnapshots: openRouteSnapshots(config.ATOLL_DATA_DIR),
    sync: running.links,
    presence: running.presence,
    verifier: running.verifier,
    ranking: steering.ranking,
    steering: steering.desk,
    auth: auth.auth,
    metrics,
    quarantined: () => running.health().quarantined,
    closed: () => closedBy(running),
    readiness: () =>
      readiness(running, foundation, logWatch, [
        joining.ready(),
        live.ready(),
        { name: "geo", ok: true, detail: geo.detail() },
        ...auth.lines(),
        ...stores.lines(),
      ]),
    degraded: stores.degraded,
    ...(stores.registry === undefined ? {} : { registry: stores.registry }),
    ...(stores.rates === undefined ? {} : { rates: stores.rates }),
    timers,
    now: () => clock.nowMs(),
    newId: randomUUID,
    log,
    tell: relayTyping(link),
    documents: { source: running.documents, relay: relayDocuments(link) },
    trunk: { key: trunkKey(config.ATOLL_MESH_SECRET, region), only: !config.ATOLL_ROLES.includes("gateway") },
    ...(config.ATOLL_ALLOWED_ORIGINS.includes("*") ? {} : { allowedOrigins: config.ATOLL_ALLOWED_ORIGINS }),
  });
}

/** One line a dependency. A partition makes nobody unready (P1); whether the region is offered to new users is a line of its own. */
function readiness(
  region: Region,
  { connection, opened }: Foundation,
  watch: LogWatch,
  others: readonly ReadyLine[],
): readonly ReadyLine[] {
  const { store, rowsAhead, quarantined } = region.health();
  const log = watch.state();
  const offered = region.links.offered();
  const { left } = region.refill;
  return [
    { name: "store", ok: store, detail: store ? `${rowsAhead} rows ahead of the disk` : "takes no rows" },
    {
      name: "refill",
      ok: left === undefined,
      detail: left === undefined ? "nothing is missing" : `${left.done} of ${left.total} messages of peers`,
    },
    {
      name: "nats",
      ok: connection.connected(),
      detail: connection.connected() ? `nats-server ${connection.serverVersion}` : "not connected",
    },
    { name: "log", ok: log.available, detail: log.available ? `epoch ${opened.log.epoch}` : log.why },
    ...others,
    { name: "quarantine", ok: true, detail: `${quarantined} events` },
    { name: "offered", ok: true, detail: offered.ok ? "yes" : `no: ${offered.why}` },
  ];
}

/** What its users were shown before is not all here yet: it would be denied. */
function closedBy({ refill: { left } }: Region): Refusal | undefined {
  if (left === undefined) return undefined;
  const words = `This region's store is being filled again from its logs: ${left.done} of ${left.total} messages of its peers so far.`;
  return new Refusal("unavailable", words, { hint: "Use another region, or try again in a moment.", retryAfterS: 1 });
}
