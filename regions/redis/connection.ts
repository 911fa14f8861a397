/**
 * The way to a region's Redis (Redis 6 or newer, one primary). Nothing waits for it: a command that cannot be sent at once fails at once, one that
 * is not answered within three seconds has failed, and a server that is silent is asked nothing but whether it is back. Where it is lost the region
 * says `degraded`; its users notice nothing.
 *
 * ioredis dials again by itself; what was in flight is not sent again, as a later truth may have overtaken it.
 */
import { Redis } from "ioredis";
import { REGISTRY } from "../../core/ports/connection-registry.ts";
import type { StoreHealth } from "../../core/ports/store-health.ts";
import type { Timers } from "../../core/ports/time.ts";
import type { TlsParts } from "../store-settings.ts";
import type { StoreNames } from "../store-trouble.ts";
import { mendedBy, spoken } from "../store-trouble.ts";

export const REDIS_NAMES: StoreNames = {
  login: "user and password in ATOLL_REDIS_URL (or ATOLL_REDIS_URL_FILE)",
  rights: "let the user touch ~atoll:<region>:* with the commands that docs/stores.md lists",
  tlsOn: "rediss:// in ATOLL_REDIS_URL",
  tlsOff: "begin ATOLL_REDIS_URL with redis://, or let Redis speak it (tls-port)",
  authority: "ATOLL_REDIS_CA_FILE",
  certificate: "ATOLL_REDIS_CERT_FILE and ATOLL_REDIS_KEY_FILE",
  serverName: "name the server in ATOLL_REDIS_URL as its certificate does",
};

/** Longer than this process stands still itself: it must not accuse the server of its own pauses. */
const COMMAND_MS = 3_000;
const CONNECT_MS = 2_000;
/** Two pings in a row that took longer: the server is slow, and not this process that stood still once. It is used all the same. */
const SLOW_MS = 1_000;
/** A connection on which nothing came back for this long is dead, whatever the network says. */
const SILENT_MS = 5_000;
const REDIAL_MAX_MS = 1_000;

export interface RedisOptions {
  /** redis://[user:password@]host:port[/database]; rediss:// for TLS. */
  readonly url: string;
  readonly region: string;
  /** What TLS stands on, where the address is rediss://. */
  readonly tls?: TlsParts;
  readonly timers: Timers;
  readonly nowMs: () => number;
  /** How long an operation took, answered or not. */
  readonly observe?: (operation: string, seconds: number) => void;
  /** The store has become `ok` or `degraded`. */
  readonly changed?: (health: StoreHealth) => void;
}

export interface RedisLink {
  readonly client: Redis;
  /** Every key of this region begins with it, and no other key is touched. */
  readonly prefix: string;
  /** Whether asking makes sense now. */
  usable(): boolean;
  /** Runs a command or pipeline, timed. Rejects as the work does. */
  run<T>(operation: string, work: () => Promise<T>): Promise<T>;
  /** Calls back each time the server can be used (again). */
  onReturn(listener: () => void): void;
  health(): StoreHealth;
  close(): Promise<void>;
}

export function openRedis({ url, region, tls, timers, nowMs, observe, changed }: RedisOptions): RedisLink {
  const client = new Redis(url, {
    connectionName: `atoll-${region}`,
    ...(tls === undefined ? {} : { tls: { ...tls } }),
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_MS,
    connectTimeout: CONNECT_MS,
    socketTimeout: SILENT_MS,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 5), REDIAL_MAX_MS),
    // After a failover the name may lead to a replica for a while: dial again.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
  });
  const listeners = new Set<() => void>();
  let health: StoreHealth = { state: "degraded", sinceMs: nowMs(), detail: "not connected yet" };
  let version = "";
  let asking = false;
  /** How long the last two looks took, ms, and since when both took too long. */
  let looksMs: readonly [last: number, before: number] = [0, 0];
  let slowSinceMs: number | undefined;
  /** Once it has answered it is no question any more what it wants of us. */
  let reached = false;

  const well = (): void => {
    reached = true;
    if (health.state === "ok") return;
    health = { state: "ok", detail: `redis ${version}` };
    changed?.(health);
    for (const listener of listeners) listener();
  };
  const ill = (error: unknown): void => {
    const detail = reasonOf(error, reached ? { speaksTls: true, certified: true } : spoken(tls));
    const news = health.state === "ok";
    health = { state: "degraded", sinceMs: health.state === "ok" ? nowMs() : health.sinceMs, detail };
    if (news) changed?.(health);
  };
  const shown = (): StoreHealth => {
    if (health.state !== "ok" || slowSinceMs === undefined) return health;
    return { state: "degraded", sinceMs: slowSinceMs, detail: `it answers after ${(looksMs[0] / 1_000).toFixed(1)} s` };
  };
  const took = (tookMs: number): void => {
    looksMs = [tookMs, looksMs[0]];
    const [was, is] = [slowSinceMs !== undefined, Math.min(...looksMs) > SLOW_MS];
    slowSinceMs = is ? (slowSinceMs ?? nowMs()) : undefined;
    if (was !== is) changed?.(shown());
  };
  const run: RedisLink["run"] = async (operation, work) => {
    const startedMs = timers.monotonicMs();
    try {
      return await work();
    } finally {
      observe?.(operation, (timers.monotonicMs() - startedMs) / 1_000);
    }
  };
  const look = async (): Promise<void> => {
    if (asking || client.status !== "ready") return;
    asking = true;
    try {
      const startedMs = timers.monotonicMs();
      if (version === "") version = /redis_version:(\S+)/.exec(await client.info("server"))?.[1] ?? "of unknown version";
      else await run("ping", () => client.ping());
      well();
      took(timers.monotonicMs() - startedMs);
    } catch (error) {
      ill(error);
    } finally {
      asking = false;
    }
  };
  client.on("ready", () => {
    version = "";
    void look();
  });
  client.on("error", ill); // it dials again by itself
  client.on("close", () => health.state === "ok" && ill(new Error("the connection was closed")));
  const timer = timers.every(REGISTRY.beatMs, () => void look());

  return {
    client,
    prefix: `atoll:${region}:`,
    usable: () => health.state === "ok" && client.status === "ready",
    run,
    onReturn: (listener) => void listeners.add(listener),
    health: shown,
    close: async () => {
      timer.cancel();
      listeners.clear();
      client.disconnect();
    },
  };
}

/** Never a password: ioredis names host and port in its errors, and no more. */
function reasonOf(given: unknown, how: ReturnType<typeof spoken>): string {
  const error = mendedBy(given, { names: REDIS_NAMES, ...how });
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return error.message === "" ? (code ?? error.name) : error.message;
}

/** What a pipeline gave, in order; rejects with the first thing that went wrong in it. */
export async function replies(pipeline: {
  exec(): Promise<readonly (readonly [Error | null, unknown])[] | null>;
}): Promise<readonly unknown[]> {
  const answers = (await pipeline.exec()) ?? [];
  return answers.map(([error, reply]) => {
    if (error !== null) throw error;
    return reply;
  });
}
