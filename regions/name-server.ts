/** The mesh's name server over an observer: answers DNS itself, and PowerDNS or gdnsd where they are to be told. */
import { createHmac, randomBytes } from "node:crypto";
import type { Timers } from "../core/ports/time.ts";
import type { DnsFacts } from "../gateway/steering-metrics.ts";
import type { Locate } from "../geodns/client.ts";
import type { DecisionCounts } from "../geodns/decision-counts.ts";
import { openGeoDns } from "../geodns/dns-server.ts";
import { openPdnsRemote } from "../geodns/pdns-remote.ts";
import type { Config } from "./config.ts";
import { CannotServe } from "./refusal.ts";
import type { RegionLog } from "./region-log.ts";
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
  /** The mesh's; without it cookies are this process's own. */
  readonly secret: string | undefined;
  readonly pdnsSocket: string | undefined;
  readonly gdnsdDir: string | undefined;
  readonly timers: Timers;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly gdnsdFailed: (error: unknown) => void;
}
export interface NameServer {
  readonly port: number;
  readonly facts: DnsFacts;
  close(): Promise<void>;
}

const CANNOT_LISTEN: readonly string[] = ["EACCES", "EADDRINUSE", "EADDRNOTAVAIL"];

/** Throws CannotServe where the port or address cannot be had. */
export async function openNameServer(options: NameServerOptions): Promise<NameServer> {
  const { host, port, topology, observer, decisions, locate, secret, timers, nowMs } = options;
  const { world } = observer;
  const dns = await openGeoDns({
    port,
    host,
    zone: topology.zone,
    ...(topology.customers === undefined ? {} : { customers: topology.customers }),
    ...(topology.nameServers === undefined ? {} : { nameServers: topology.nameServers }),
    world,
    locate,
    secret: secret === undefined ? randomBytes(32).toString("hex") : createHmac("sha256", secret).update("dns cookies").digest("hex"),
    nowMs,
    decided: (decision) => decisions.took(decision),
  }).catch((error: NodeJS.ErrnoException) => {
    if (!CANNOT_LISTEN.includes(error.code ?? "")) throw error;
    throw new CannotServe(
      `the name server cannot listen on ${host} port ${port} (${error.code}): name another ATOLL_DNS_PORT or ATOLL_DNS_HOST, or allow it (CAP_NET_BIND_SERVICE below 1024)`,
    );
  });
  const pdns = options.pdnsSocket === undefined ? undefined : await openPdnsRemote({ path: options.pdnsSocket, zone: dns.zone, locate });
  const endGdnsd =
    options.gdnsdDir === undefined
      ? undefined
      : writeGdnsdFiles({ directory: options.gdnsdDir, world, locate, timers, failed: options.gdnsdFailed });
  const { counts } = dns;
  return {
    port: dns.port,
    facts: {
      answered: () => counts.answered(),
      truncated: () => counts.truncated,
      unanswered: () => counts.unanswered,
      limited: () => counts.limited,
    },
    close: async () => {
      endGdnsd?.();
      await pdns?.close();
      await dns.close();
    },
  };
}

export interface BesideOptions extends Pick<NameServerOptions, "topology" | "observer" | "decisions" | "locate" | "timers" | "nowMs"> {
  readonly config: Config;
  readonly log: RegionLog;
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
    pdnsSocket: config.ATOLL_PDNS_SOCKET,
    gdnsdDir: config.ATOLL_GDNSD_DIR,
    gdnsdFailed: gdnsdUnwritten(log),
  });
  log.info({ event: "geodns.ready", port: opened.port, zone: parts.topology.zone }, "the name server answers");
  return opened;
}

export const gdnsdUnwritten =
  (log: RegionLog) =>
  (error: unknown): void =>
    log.error({ event: "gdnsd.unwritten", cause: String(error) }, "gdnsd's files cannot be written");
