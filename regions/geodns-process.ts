/**
 * The mesh's name server as a process of its own, so that it survives the death of any region: `--topology FILE --port N [--host ADDRESS]`.
 * With ATOLL_MESH_SECRET in its environment it asks the regions' gateways what they see; without, it looks alone and follows no orders. Follows the list of regions while it runs.
 * Ends on SIGTERM, SIGINT, or when whoever started it is gone.
 */
import { createHmac, randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { parseArgs } from "node:util";
import { pino } from "pino";
import { openGeoDns } from "../geodns/dns-server.ts";
import { openRealTimers } from "./real-timers.ts";
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
}
function readArguments(): Told {
  const { values } = parseArgs({
    options: { topology: { type: "string" }, port: { type: "string" }, host: { type: "string", default: "127.0.0.1" } },
  });
  const port = Number(values.port);
  if (values.topology === undefined) throw new Error("--topology FILE is missing");
  if (values.port === undefined || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port ${values.port} is no port`);
  if (isIP(values.host) === 0) throw new Error(`--host ${values.host} is no address`);
  return { given: values.topology, topology: readTopology(values.topology), port, host: values.host };
}

function told(): Told {
  try {
    return readArguments();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(USAGE);
  }
}

const { given, topology, port, host } = told();
const log = pino({
  base: { part: "geodns" },
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label) => ({ level: label }) },
});
const secret = process.env["ATOLL_MESH_SECRET"];
const timers = openRealTimers();
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
  locate: () => undefined,
  secret: secret === undefined ? randomBytes(32).toString("hex") : createHmac("sha256", secret).update("dns cookies").digest("hex"),
  nowMs: Date.now,
});
log.info({ host, port: dns.port, zone: topology.zone, regions: regions.map(({ name }) => name) }, "geodns.ready");

await new Promise<void>((done) => {
  for (const end of ["SIGTERM", "SIGINT", "disconnect"] as const) process.once(end, () => done());
});
watch.stop();
observer.close();
await dns.close();
log.info("geodns.stopped");
process.exit(0);
