/** Stores that a local mesh uses instead of the embedded ones: named once, told to every region's process in its environment. */
import { createHash } from "node:crypto";
import { keyspaceOf } from "../cassandra/access.ts";
import { withSecretFiles } from "../secret-files.ts";
import { STORE_SETTINGS } from "../store-settings.ts";

/** As given to `atoll up`, or in its environment. */
export interface StoreSwitches {
  /** redis://host:port: keys of each region are under its own prefix. */
  readonly redis?: string;
  /** mongodb://host:port: each region has its own database. */
  readonly mongodb?: string;
  /** host[:port],…: each region has its own keyspace. */
  readonly cassandra?: string;
}
/** With how one signs in to them, as the environment says it: the same for every region. */
export interface SwitchedStores extends StoreSwitches {
  readonly more?: Readonly<Record<string, string>>;
}

/** What each region has for itself, or is said in another way. */
const OWN = ["ATOLL_CASSANDRA_CONTACT_POINTS", "ATOLL_CASSANDRA_KEYSPACE", "ATOLL_MONGODB_URI", "ATOLL_REDIS_URL"];
const SHARED = [...Object.keys(STORE_SETTINGS).filter((key) => !OWN.includes(key)), "ATOLL_CASSANDRA_PASSWORD_FILE"];

export function switchesOf(options: StoreSwitches, environment: Readonly<Record<string, string | undefined>>): SwitchedStores {
  const { settings } = withSecretFiles(environment);
  const redis = options.redis ?? settings["ATOLL_REDIS_URL"];
  const mongodb = options.mongodb ?? settings["ATOLL_MONGODB_URI"];
  const cassandra = options.cassandra ?? settings["ATOLL_CASSANDRA_CONTACT_POINTS"];
  const more = Object.fromEntries(SHARED.flatMap((key) => (environment[key] ? [[key, environment[key]]] : [])));
  return {
    ...(redis ? { redis } : {}),
    ...(mongodb ? { mongodb } : {}),
    ...(cassandra ? { cassandra } : {}),
    ...(Object.keys(more).length > 0 ? { more } : {}),
  };
}

/** Settings of one region's process. `meshSecret` tells the databases of two meshes on one server apart. */
export function settingsOf(
  { redis, mongodb, cassandra, more }: SwitchedStores,
  region: string,
  meshSecret: string,
): Readonly<Record<string, string>> {
  return {
    ...more,
    ...(redis === undefined ? {} : { ATOLL_REDIS_URL: redis }),
    ...(mongodb === undefined ? {} : { ATOLL_MONGODB_URI: withDatabase(mongodb, `atoll_${meshTag(meshSecret)}_${region}`) }),
    ...(cassandra === undefined
      ? {}
      : { ATOLL_CASSANDRA_CONTACT_POINTS: cassandra, ATOLL_CASSANDRA_KEYSPACE: keyspaceOf(`atoll_${meshTag(meshSecret)}`, region) }),
  };
}

const meshTag = (secret: string): string => createHash("sha256").update(`stores ${secret}`).digest("hex").slice(0, 8);

/** mongodb://user:password@h1,h2/whatever?options -> the same with the database named. */
export function withDatabase(uri: string, database: string): string {
  const [, hosts = uri, options = ""] = /^([^/]+\/\/[^/?]+)(?:\/[^?]*)?(\?.*)?$/.exec(uri) ?? [];
  const login = hosts.includes("@") && !options.includes("authSource=") ? "authSource=admin" : "";
  const all = [options.slice(1), login].filter(Boolean).join("&");
  return `${hosts}/${database}${all === "" ? "" : `?${all}`}`;
}
