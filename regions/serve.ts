/**
 * One region's process: lays its foundation (store, servers, log, peers), lets the region run on it, and opens its doors. It drains when it is
 * asked to end, and also when the supervisor that started it is gone: goodbye to every connection, what is in flight, the commit, the stores.
 */
import { randomUUID } from "node:crypto";
import { Refusal } from "../core/errors.ts";
import { hmac256 } from "../core/hash.ts";
import { openMetrics } from "../gateway/metrics.ts";
import type { ReadyLine } from "../gateway/parts.ts";
import { openGateway } from "../gateway/server.ts";
import { showDns, showSteering } from "../gateway/steering-metrics.ts";
import { trunkKey } from "../gateway/trunk/words.ts";
import { openRegion } from "../reconciliation/region.ts";
import type { Region } from "../reconciliation/region-ports.ts";
import { yjsTexts } from "../reconciliation/text-merge.ts";
import { askedToEnd } from "./asked-to-end.ts";
import { authOf } from "./auth.ts";
import { openBootClock } from "./boot-clock.ts";
import type { Config } from "./config.ts";
import { relayDocuments } from "./document-relay.ts";
import { openGeoOf } from "./geo/open-geo.ts";
import { isJoining, type Joining, openJoining } from "./joining.ts";
import { takeLateTails } from "./late-tails.ts";
import { followTopology } from "./live-topology.ts";
import { openNameServerBeside } from "./name-server.ts";
import { fewFiles, MORE_FILES } from "./open-files.ts";
import { openProcessLog } from "./process-log.ts";
import { openRealTimers } from "./real-timers.ts";
import { CannotServe } from "./refusal.ts";
import { type Foundation, layFoundation } from "./region-foundation.ts";
import { showLinks, watchRegion } from "./region-metrics.ts";
import { openRegionStores } from "./region-stores.ts";
import { shareOf } from "./role-settings.ts";
import { openRouteSnapshots } from "./route-snapshots.ts";
import { shareStore, unshareStore } from "./serve-share.ts";
import { openGatewaySteering } from "./steering/gateway-steering.ts";
import { type LogWatch, RESTART_JETSTREAM, watchStuckLog } from "./stuck-log.ts";
import { peersOf, present, readTopology, retiredBeside, type Topology } from "./topology.ts";
import { relayTyping } from "./typing-relay.ts";
import { version } from "./version.ts";
import { webhooksOf } from "./webhooks/open-webhooks.ts";

/** In flight 5 s, the commit, the stores; after this the process ends whatever is left. */
const DRAIN_MS = 11_000;

function topologyOf(config: Config): Topology {
  try {
    return readTopology(config.ATOLL_TOPOLOGY);
  } catch (error) {
    throw new CannotServe(`ATOLL_TOPOLOGY cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checkServes(topology: Topology, region: string): void {
  const names = present(topology).map(({ name }) => name);
  if (names.includes(region)) return;
  const retired = topology.regions.some(({ name }) => name === region);
  throw new CannotServe(
    retired
      ? `region ${region} is retired in the topology: take "retired" away there to serve it again`
      : `ATOLL_REGION ${region} is not in the topology (${names.join(", ")}): set it to one of them, or add the region to the list`,
  );
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

export async function serveRegion(config: Config): Promise<void> {
  const log = openProcessLog(config.ATOLL_LOG_LEVEL, { region: config.ATOLL_REGION });
  const region = config.ATOLL_REGION;
  const topology = topologyOf(config);
  checkServes(topology, region);
  const few = fewFiles();
  if (few !== undefined) throw new CannotServe(`${few}: ${MORE_FILES}`);
  const asked = askedToEnd();
  log.info({ event: "region.starting", mode: config.ATOLL_MODE, clockOffsetMs: config.ATOLL_CLOCK_OFFSET_MS }, "the region starts");
  const [clock, timers] = [openBootClock(config.ATOLL_CLOCK_OFFSET_MS), openRealTimers()];
  const metrics = openMetrics({ region, version: version() });
  const boot = randomUUID();
  unshareStore(config.ATOLL_DATA_DIR);
  const foundation = await layFoundation(config, topology, clock, log, askForJetStream);
  const { store, link, opened } = foundation;
  const joins = await isJoining(store);
  let projecting: Region | undefined;
  const stores = openRegionStores({
    config,
    boot,
    timers,
    nowMs: () => clock.nowMs(),
    metrics,
    log,
    facts: () => projecting?.projections() ?? [],
  });
  const running: Region = await openRegion({
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
  if (shareOf(config).of > 1) shareStore(config.ATOLL_DATA_DIR);
  stores.onFormer?.((users) => running.presence.former(users));
  const hideLinks = showLinks(metrics, running, timers);
  const endLateTails = takeLateTails(foundation, running.links, running.lateTail, log);
  const live = followTopology({
    ...{ given: config.ATOLL_TOPOLOGY, first: topology, region, foundation, running, timers, log },
    joining: () => !joining.ready().ok,
  });
  const joining: Joining = openJoining({ joining: joins, region: running, store, anyRetired: live.anyRetired, timers, log });
  const geo = openGeoOf(config.ATOLL_GEO_DB, timers, log);
  let connections = (): number => 0;
  const steering = openGatewaySteering({
    region,
    regions: live.regions,
    settings: live.steering,
    meshSecret: config.ATOLL_MESH_SECRET,
    boot,
    locate: geo.locate,
    orders: running.orders,
    links: running.links,
    connections: () => connections(),
    connectionsMost: config.ATOLL_CONNECTIONS_MAX,
    timers,
    nowMs: () => clock.nowMs(),
    log,
  });
  showSteering(metrics.registry, steering.facts);
  const { observer, decisions } = steering;
  const nowMs = (): number => clock.nowMs();
  const dns = await openNameServerBeside({ config, topology, observer, decisions, locate: geo.locate, timers, nowMs, log });
  if (dns !== undefined) showDns(metrics.registry, dns.facts);
  const logWatch = watchStuckLog(opened.log, foundation.connection, askForJetStream);
  const auth = await authOf(config, timers, log);
  const gateway = await openGateway({
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
  connections = () => gateway.connections();
  log.info({ event: "region.ready", port: gateway.port }, "the region serves its users");

  const why = await asked;
  log.info({ event: "region.draining", why, connections: gateway.connections() }, "the region drains");
  setTimeout(() => {
    log.error({ event: "region.drain-late" }, "the drain took too long; ending as it is");
    process.exit(1);
  }, DRAIN_MS).unref();
  await gateway.drain("restart");
  await running.drain();
  joining.stop();
  live.stop();
  steering.close();
  await dns?.close();
  geo.close();
  hideLinks();
  endLateTails();
  logWatch.stop();
  auth.end();
  await gateway.close();
  await stores.close();
  await foundation.close(true);
  log.info({ event: "region.stopped" }, "the region has stopped; everything accepted is committed");
}

/** Only a supervisor that owns the server can do it; without one it is the operator's. */
const askForJetStream = (): void => void process.send?.(RESTART_JETSTREAM);
