/** A region's settings as the way to its Cassandra. */
import { shortHash } from "../../core/hash.ts";
import type { Config } from "../config.ts";
import type { CassandraAccess } from "./session.ts";

/** Undefined where history stays embedded. */
export function accessOf(config: Config): CassandraAccess | undefined {
  const contactPoints = config.ATOLL_CASSANDRA_CONTACT_POINTS;
  if (contactPoints === undefined || contactPoints.length === 0) return undefined;
  const { ATOLL_CASSANDRA_USER: username, ATOLL_CASSANDRA_PASSWORD: password } = config;
  return {
    contactPoints,
    keyspace: config.ATOLL_CASSANDRA_KEYSPACE ?? keyspaceOf("atoll", config.ATOLL_REGION),
    ...(config.ATOLL_CASSANDRA_LOCAL_DC === undefined ? {} : { localDc: config.ATOLL_CASSANDRA_LOCAL_DC }),
    ...(config.ATOLL_CASSANDRA_REPLICATION === undefined ? {} : { replication: replicasIn(config.ATOLL_CASSANDRA_REPLICATION) }),
    ...(username === undefined || password === undefined ? {} : { credentials: { username, password } }),
    ...(config.ATOLL_CASSANDRA_CA_FILE === undefined ? {} : { caFile: config.ATOLL_CASSANDRA_CA_FILE }),
  };
}

/** Names of regions may hold what names of keyspaces may not; letters that had to be changed are told apart by a hash. */
export function keyspaceOf(prefix: string, region: string): string {
  const plain = region.toLowerCase().replaceAll(/[^a-z0-9]/g, "_");
  const whole = `${prefix}_${plain}`;
  return plain === region && whole.length <= 48 ? whole : `${whole.slice(0, 39)}_${shortHash(region).slice(0, 8)}`;
}

const replicasIn = (text: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    text.split(",").map((part) => {
      const [dc = "", replicas = ""] = part.split(":");
      return [dc, Number(replicas)];
    }),
  );
