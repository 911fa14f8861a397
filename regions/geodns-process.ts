/**
 * The mesh's name server as a process of its own, so that it survives the death of any region: `--topology FILE --port N [--host ADDRESS]`.
 * Ends on SIGTERM, SIGINT, or when whoever started it is gone.
 */
import { isIP } from "node:net";
import { parseArgs } from "node:util";
import { pino } from "pino";
import { openGeoDns } from "../geodns/dns-server.ts";
import { openRealTimers } from "./real-timers.ts";
import { openRegionHealth } from "./region-health.ts";
import { present, readTopology, type Topology } from "./topology.ts";

/** Exit code for what no restart mends. */
const USAGE = 2;

interface Told {
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
  const topology = readTopology(values.topology);
  return { topology: { ...topology, regions: present(topology) }, port, host: values.host };
}

function told(): Told {
  try {
    return readArguments();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(USAGE);
  }
}

const { topology, port, host } = told();
const log = pino({
  base: { part: "geodns" },
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label) => ({ level: label }) },
});
const health = openRegionHealth({
  regions: topology.regions,
  timers: openRealTimers(),
  onState: (region, { state, why }) => log.info({ region, state, why }, "region.state"),
});
const dns = await openGeoDns({ port, host, zone: topology.zone, regions: topology.regions, health: health.view });
log.info({ host, port: dns.port, zone: topology.zone, regions: topology.regions.map(({ name }) => name) }, "geodns.ready");

await new Promise<void>((done) => {
  for (const end of ["SIGTERM", "SIGINT", "disconnect"] as const) process.once(end, () => done());
});
health.close();
await dns.close();
log.info("geodns.stopped");
process.exit(0);
