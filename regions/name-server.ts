/** The mesh's name server over an observer: answers DNS itself, and PowerDNS or gdnsd where they are to be told. */
import { createHmac, randomBytes } from "node:crypto";
import type { Timers } from "../core/ports/time.ts";
import type { ReadyLine } from "../gateway/parts.ts";
import type { DnsFacts } from "../gateway/steering-metrics.ts";
import type { Locate } from "../geodns/client.ts";
import type { DecisionCounts } from "../geodns/decision-counts.ts";
import { DnsCounts } from "../geodns/dns-counts.ts";
import { openGeoDns, openSteeredZone } from "../geodns/dns-server.ts";
import { openPdnsRemote } from "../geodns/pdns-remote.ts";
import type { Zone } from "../geodns/zone.ts";
import { openAnswering } from "./answering/answering.ts";
import type { Config } from "./config.ts";
import type { ProcessLog } from "./process-log.ts";
import { CannotServe } from "./refusal.ts";
import { writeGdnsdFiles } from "./steering/gdnsd-writer.ts";
import type { Observer } from "./steering/observer.ts";
import type { Topology } from "./topology.ts";

export interface NameServerOptions {
  readonly host: string;
  readonly port: number;
  readonly topology: Topology;
  readonly observer: Observer;
  readonly decisions: DecisionCounts;
  readonly locate: Locate;
  /** Where that is read from; other processes read it themselves. */
  readonly places: string | undefined;
  /** How many answer beside this one; 0 = this one answers. */
  readonly processes: number;
  /** The mesh's; without it cookies are this process's own. */
  readonly secret: string | undefined;
  readonly pdnsSocket: string | undefined;
  readonly gdnsdDir: string | undefined;
  readonly timers: Timers;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly log: ProcessLog;
}
export interface NameServer {
  readonly port: number;
  readonly facts: DnsFacts;
  /** Whether anybody answers, and how many where there are several. */
  ready(): ReadyLine;
  close(): Promise<void>;
}

const CANNOT_LISTEN: readonly string[] = ["EACCES", "EADDRINUSE", "EADDRNOTAVAIL"];

/** What answers, whether it is this process or several others. */
interface Answers {
  readonly port: number;
  readonly counts: DnsCounts;
  readonly ready: () => Pick<ReadyLine, "ok" | "detail">;
  close(): Promise<void>;
}

async function openAnswers(options: NameServerOptions): Promise<Answers> {
  const { host, port, topology, observer, decisions, locate, secret, places, processes, timers, nowMs, log } = options;
  const serve = {
    ...{ host, port, zone: topology.zone },
    ...(topology.customers === undefined ? {} : { customers: topology.customers }),
    ...(topology.nameServers === undefined ? {} : { nameServers: topology.nameServers }),
    secret: secret === undefined ? randomBytes(32).toString("hex") : createHmac("sha256", secret).update("dns cookies").digest("hex"),
  };
  if (processes === 0) {
    const { world } = observer;
    const dns = await openGeoDns({ ...serve, world, locate, nowMs, decided: (decision) => decisions.took(decision) });
    return { port: dns.port, counts: dns.counts, ready: () => ({ ok: true, detail: `port ${dns.port}` }), close: () => dns.close() };
  }
  const counts = new DnsCounts();
  const several = await openAnswering({
    ...{ processes, source: observer, counts, decisions, timers, log },
    serve: { ...serve, ...(places === undefined ? {} : { places }) },
  });
  const ready = (): Pick<ReadyLine, "ok" | "detail"> => {
    const { answer, inBatches } = several.now();
    const many = processes === 1 ? "1 process" : `${processes} processes`;
    const said = answer === processes ? many : `${answer} of ${many} answer`;
    return { ok: answer > 0, detail: `port ${several.port}, ${said}${inBatches === answer ? "" : ", datagrams one by one"}` };
  };
  return { port: several.port, counts, ready, close: () => several.close() };
}

/** Throws CannotServe where the port or address cannot be had. */
export async function openNameServer(options: NameServerOptions): Promise<NameServer> {
  const { host, port, topology, observer, decisions, locate, timers, log } = options;
  const { world } = observer;
  const { counts, ...dns } = await openAnswers(options).catch((error: NodeJS.ErrnoException) => {
    if (!CANNOT_LISTEN.includes(error.code ?? "")) throw error;
    throw new CannotServe(
      `the name server cannot listen on ${host} port ${port} (${error.code}): name another ATOLL_DNS_PORT or ATOLL_DNS_HOST, or allow it (CAP_NET_BIND_SERVICE below 1024)`,
    );
  });
  const zone = (): Zone => openSteeredZone({ ...topology, host, world, decided: (decision) => decisions.took(decision) });
  const pdns = options.pdnsSocket === undefined ? undefined : await openPdnsRemote({ path: options.pdnsSocket, zone: zone(), locate });
  const failed = (error: unknown): void => log.error({ event: "gdnsd.unwritten", cause: String(error) }, "gdnsd's files cannot be written");
  const endGdnsd =
    options.gdnsdDir === undefined ? undefined : writeGdnsdFiles({ directory: options.gdnsdDir, world, locate, timers, failed });
  return {
    port: dns.port,
    facts: {
      answered: () => counts.answered(),
      truncated: () => counts.truncated,
      unanswered: () => counts.unanswered,
      limited: () => counts.limited,
    },
    ready: () => ({ name: "dns", ...dns.ready() }),
    close: async () => {
      endGdnsd?.();
      await pdns?.close();
      await dns.close();
    },
  };
}

export interface BesideOptions extends Pick<NameServerOptions, "topology" | "observer" | "decisions" | "locate" | "timers" | "nowMs"> {
  readonly config: Config;
  readonly log: ProcessLog;
}

/** In a region's process: where it has the role and a port is named. */
export async function openNameServerBeside({ config, log, ...parts }: BesideOptions): Promise<NameServer | undefined> {
  const port = config.ATOLL_DNS_PORT;
  if (port === undefined || !config.ATOLL_ROLES.includes("geodns")) return undefined;
  const opened = await openNameServer({
    ...parts,
    host: config.ATOLL_DNS_HOST ?? config.ATOLL_HOST,
    port,
    secret: config.ATOLL_MESH_SECRET,
    places: config.ATOLL_GEO_DB,
    processes: config.ATOLL_DNS_PROCESSES ?? 0,
    pdnsSocket: config.ATOLL_PDNS_SOCKET,
    gdnsdDir: config.ATOLL_GDNSD_DIR,
    log,
  });
  log.info({ event: "geodns.ready", port: opened.port, zone: parts.topology.zone }, "the name server answers");
  return opened;
}
