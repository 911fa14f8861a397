/** Which Redis answers at an address, and whether it will do; asked once, for `atoll doctor`. */

import { Redis } from "ioredis";
import type { Inspected } from "../store-inspected.ts";
import type { TlsParts } from "../store-settings.ts";
import { spoken, troubleOf } from "../store-trouble.ts";
import { REDIS_NAMES } from "./connection.ts";

const ANSWER_MS = 3_000;
/** HELLO 3, which the driver speaks. */
const OLDEST_MAJOR = 6;

export async function inspectRedis(url: string, tls?: TlsParts): Promise<Inspected> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: null,
    connectTimeout: ANSWER_MS,
    commandTimeout: ANSWER_MS,
    ...(tls === undefined ? {} : { tls: { ...tls } }),
  });
  let reason: Error | undefined;
  client.on("error", (error: Error) => {
    reason ??= error;
  });
  try {
    await client.connect();
    const info = await client.info();
    const how = [...(tls === undefined ? [] : ["TLS"]), ...(client.options.username ? [`signed in as ${client.options.username}`] : [])];
    return judge(how, new Map([...info.matchAll(/^([a-z_]+):(.*)\r?$/gm)].map(([, name = "", value = ""]) => [name, value.trim()])));
  } catch (error) {
    const { host, port } = client.options;
    const dialling = { names: REDIS_NAMES, ...spoken(tls) };
    const trouble = troubleOf(reason, dialling) ?? troubleOf(error, dialling);
    if (trouble !== undefined) return { ok: false, found: `${host}:${port}: ${trouble.why}`, mend: trouble.mend };
    const why = reason?.message ?? (error instanceof Error ? error.message : String(error));
    return { ok: false, found: `${host}:${port} does not answer: ${why}`, mend: "start it, or name another: --redis redis://host:port" };
  } finally {
    client.disconnect();
  }
}

function judge(how: readonly string[], info: ReadonlyMap<string, string>): Inspected {
  const version = info.get("redis_version") ?? "";
  const found = [`${version} (${info.get("role") ?? "?"})`, `${info.get("used_memory_human") ?? "?"} in use`, ...how].join(", ");
  if (!(Number(version.split(".")[0]) >= OLDEST_MAJOR)) return { ok: false, found, mend: `Redis ${OLDEST_MAJOR}.0 or newer is needed` };
  if (info.get("role") !== "master") return { ok: false, found, mend: "name the primary: a replica takes no writes" };
  const policy = info.get("maxmemory_policy") ?? "";
  if (info.get("maxmemory") !== "0" && policy !== "noeviction")
    return {
      ok: true,
      found: `${found}; evicts by ${policy}`,
      mend: "maxmemory-policy noeviction: what it evicts is announced again each second",
    };
  return { ok: true, found };
}
