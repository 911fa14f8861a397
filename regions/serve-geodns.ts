/**
 * `atoll serve --role geodns`: the mesh's name server as a process of its own, so that it survives the death of any region. With the mesh's
 * secret it asks the regions' gateways what they see and what operators have ordered; without, it looks alone and follows no orders. It follows
 * the list of regions while it runs, and ends on SIGTERM, SIGINT, or when whoever started it is gone.
 */
import { availableParallelism } from "node:os";
import { DecisionCounts } from "../geodns/decision-counts.ts";
import type { NameServerConfig } from "./config.ts";
import { openGeoOf } from "./geo/open-geo.ts";
import { openNameServer } from "./name-server.ts";
import { openNameServerDoor } from "./name-server-door.ts";
import { openProcessLog } from "./process-log.ts";
import { openRealTimers } from "./real-timers.ts";
import { CannotServe } from "./refusal.ts";
import { type Observer, openObserver } from "./steering/observer.ts";
import { steeringFacts } from "./steering/steering-facts.ts";
import { steeringKey } from "./steering/told.ts";
import { present, readTopology, steeringOf, type Topology } from "./topology.ts";
import { watchTopology } from "./topology-watch.ts";

const DNS_PORT = 53;
/** More than this are the operator's word: each has its own memory, and its own copy of the database of places. */
const PROCESSES_MOST = 4;
/** One core is left to this process and to the kernel; somebody else answers all the same, so that a flood of questions keeps nobody from looking at regions. */
const processesHere = (): number => Math.min(Math.max(1, availableParallelism() - 1), PROCESSES_MOST);

function topologyOf(given: string): Topology {
  try {
    return readTopology(given);
  } catch (error) {
    throw new CannotServe(`ATOLL_TOPOLOGY cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const askedToEnd = (): Promise<string> =>
  new Promise((done) => {
    for (const signal of ["SIGTERM", "SIGINT", "disconnect"] as const) process.once(signal, () => done(signal));
  });

/** Resolves when it has ended. Throws CannotServe with the line that mends it. */
export async function serveGeoDns(config: NameServerConfig): Promise<void> {
  const secret = config.ATOLL_MESH_SECRET;
  const first = topologyOf(config.ATOLL_TOPOLOGY);
  const asked = askedToEnd();
  const log = openProcessLog(config.ATOLL_LOG_LEVEL, {
    part: "geodns",
    ...(config.ATOLL_REGION === undefined ? {} : { region: config.ATOLL_REGION }),
  });
  const timers = openRealTimers();
  const geo = openGeoOf(config.ATOLL_GEO_DB, timers, log);
  let regions = present(first);
  const watch = watchTopology({
    given: config.ATOLL_TOPOLOGY,
    first,
    timers,
    changed: (now) => {
      regions = present(now);
      log.info({ event: "topology.changed", regions: regions.map(({ name }) => name) }, "the list of regions has changed");
    },
    refused: (problems) =>
      log.error({ event: "topology.refused", problems }, "the list of regions cannot be followed; the one before stays in force"),
  });
  const observer = openObserver({
    regions: () => regions,
    settings: () => steeringOf(watch.current()),
    timers,
    ...(secret === undefined ? {} : { key: steeringKey(secret) }),
    onState: (region, { state, why }) => log.info({ event: "region.seen", seen: region, state, why }, `region ${region}: ${state}`),
  });
  const decisions = new DecisionCounts();
  const dns = await openNameServer({
    host: config.ATOLL_DNS_HOST ?? config.ATOLL_HOST,
    port: config.ATOLL_DNS_PORT ?? DNS_PORT,
    topology: first,
    observer,
    decisions,
    locate: geo.locate,
    places: config.ATOLL_GEO_DB,
    processes: config.ATOLL_DNS_PROCESSES ?? processesHere(),
    secret,
    pdnsSocket: config.ATOLL_PDNS_SOCKET,
    gdnsdDir: config.ATOLL_GDNSD_DIR,
    timers,
    nowMs: Date.now,
    log,
  });
  const door = await openNameServerDoor({
    host: config.ATOLL_HOST,
    port: config.ATOLL_PORT,
    region: config.ATOLL_REGION,
    steering: steeringFacts(observer, decisions),
    dns: dns.facts,
    lines: () => [
      dns.ready(),
      ...looked(
        regions.map(({ name }) => name),
        observer.looks(),
      ),
      { name: "sees", ok: true, detail: standing(observer).join(", ") },
      { name: "topology", ok: true, detail: watch.fault() ?? `${regions.length} regions` },
      { name: "geo", ok: true, detail: geo.detail() },
    ],
  });
  log.info(
    { event: "geodns.ready", port: dns.port, http: door.port, zone: first.zone, regions: regions.map(({ name }) => name) },
    "the name server answers",
  );
  const why = await asked;
  watch.stop();
  observer.close();
  geo.close();
  await dns.close();
  await door.close();
  log.info({ event: "geodns.stopped", why }, "the name server has stopped");
}

/** How each region stands, once that is sure: "us up". */
const standing = ({ standings }: Observer): readonly string[] =>
  [...standings()].flatMap(([name, { health }]) => (health.settled ? [`${name} ${health.state}`] : []));

/** It may be asked once it has looked at every region: before, it would send people to who is down. */
function looked(
  names: readonly string[],
  looks: ReadonlyMap<string, unknown>,
): readonly [{ readonly name: string; readonly ok: boolean; readonly detail: string }] {
  const missing = names.filter((name) => !looks.has(name));
  return [
    { name: "looked", ok: missing.length === 0, detail: missing.length === 0 ? "at every region" : `not yet at ${missing.join(", ")}` },
  ];
}
