/**
 * The mesh's name server as a process of its own, so that it survives the death of any region: `--topology FILE --port N [--host ADDRESS]`;
 * `[--pdns-socket PATH]` answers PowerDNS's remote backend there, `[--gdnsd-dir DIR]` keeps gdnsd's `nets` and `extfile` there.
 * With ATOLL_MESH_SECRET in its environment it asks the regions' gateways what they see; without, it looks alone and follows no orders. With ATOLL_GEO_DB it knows where clients are. Follows the list of regions while it runs.
 * Ends on SIGTERM, SIGINT, or when whoever started it is gone.
 */
import { createHmac, randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { parseArgs } from "node:util";
import { pino } from "pino";
import { openGeoDns } from "../geodns/dns-server.ts";
import { openPdnsRemote } from "../geodns/pdns-remote.ts";
import { type GeoDatabase, NOWHERE, openGeoDatabase } from "./geo/geo-database.ts";
import { openRealTimers } from "./real-timers.ts";
import { writeGdnsdFiles } from "./steering/gdnsd-writer.ts";
import { openObserver } from "./steering/observer.ts";
import { steeringKey } from "./steering/told.ts";
import { present, readTopology, steeringOf, type Topology } from "./topology.ts";
import { watchTopology } from "./topology-watch.ts";

/** Exit code for what no restart mends. */
const USAGE = 2;

interface Told {
  readonly given: string;
  readonly topology: Topology;
  readonly port: number;
  readonly host: string;
  readonly geoPath: string | undefined;
  readonly pdnsSocket: string | undefined;
  readonly gdnsdDir: string | undefined;
}
function readArguments(): Told {
  const { values } = parseArgs({
    options: {
      topology: { type: "string" },
      port: { type: "string" },
      host: { type: "string", default: "127.0.0.1" },
      "pdns-socket": { type: "string" },
      "gdnsd-dir": { type: "string" },
    },
  });
  const port = Number(values.port);
  if (values.topology === undefined) throw new Error("--topology FILE is missing");
  if (values.port === undefined || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port ${values.port} is no port`);
  if (isIP(values.host) === 0) throw new Error(`--host ${values.host} is no address`);
  return {
    given: values.topology,
    topology: readTopology(values.topology),
    port,
    host: values.host,
    geoPath: process.env["ATOLL_GEO_DB"] || undefined,
    pdnsSocket: values["pdns-socket"],
    gdnsdDir: values["gdnsd-dir"],
  };
}

function told(): Told {
  try {
    return readArguments();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(USAGE);
  }
}

const { given, topology, port, host, geoPath, pdnsSocket, gdnsdDir } = told();
const log = pino({
  base: { part: "geodns" },
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label) => ({ level: label }) },
});
const secret = process.env["ATOLL_MESH_SECRET"];
function openGeo(): GeoDatabase {
  if (geoPath === undefined) return NOWHERE;
  try {
    return openGeoDatabase({
      path: geoPath,
      timers,
      told: ({ ok, detail }) => log[ok ? "info" : "error"]({ detail }, ok ? "geo.read" : "geo.refused"),
    });
  } catch (error) {
    process.stderr.write(`ATOLL_GEO_DB ${geoPath} cannot be read: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(USAGE);
  }
}

const timers = openRealTimers();
const geo = openGeo();
let regions = present(topology);
const watch = watchTopology({
  given,
  first: topology,
  timers,
  changed: (now) => {
    regions = present(now);
    log.info({ regions: regions.map(({ name }) => name) }, "topology.changed");
  },
  refused: (problems) => log.error({ problems }, "topology.refused"),
});
const observer = openObserver({
  regions: () => regions,
  settings: steeringOf(topology),
  timers,
  ...(secret === undefined ? {} : { key: steeringKey(secret) }),
  onState: (region, { state, why }) => log.info({ region, state, why }, "region.state"),
});
const dns = await openGeoDns({
  port,
  host,
  zone: topology.zone,
  ...(topology.customers === undefined ? {} : { customers: topology.customers }),
  ...(topology.nameServers === undefined ? {} : { nameServers: topology.nameServers }),
  world: observer.world,
  locate: geo.locate,
  secret: secret === undefined ? randomBytes(32).toString("hex") : createHmac("sha256", secret).update("dns cookies").digest("hex"),
  nowMs: Date.now,
});
const pdns = pdnsSocket === undefined ? undefined : await openPdnsRemote({ path: pdnsSocket, zone: dns.zone, locate: geo.locate });
const endGdnsd =
  gdnsdDir === undefined
    ? undefined
    : writeGdnsdFiles({
        directory: gdnsdDir,
        world: observer.world,
        locate: geo.locate,
        timers,
        failed: (error) => log.error({ cause: String(error) }, "gdnsd.unwritten"),
      });
log.info({ host, port: dns.port, zone: topology.zone, regions: regions.map(({ name }) => name) }, "geodns.ready");

await new Promise<void>((done) => {
  for (const end of ["SIGTERM", "SIGINT", "disconnect"] as const) process.once(end, () => done());
});
watch.stop();
observer.close();
geo.close();
endGdnsd?.();
await pdns?.close();
await dns.close();
log.info("geodns.stopped");
process.exit(0);
