/** A region's settings as the way to its Cassandra. */
import { shortHash } from "../../core/hash.ts";
import type { StoreConfig, TlsParts } from "../store-settings.ts";
import { tlsOf } from "../store-settings.ts";
import type { StoreNames } from "../store-trouble.ts";

export interface CassandraAccess {
  /** "host" or "host:port". */
  readonly contactPoints: readonly string[];
  /** Asked of the first contact point when absent. */
  readonly localDc?: string;
  readonly keyspace: string;
  /** Replicas per data centre; made of the local nodes when absent, three at most. */
  readonly replication?: Readonly<Record<string, number>>;
  readonly credentials?: { readonly username: string; readonly password: string };
  /** TLS is spoken when given. */
  readonly tls?: TlsParts;
  /** The name in the nodes' certificates, where it is not the address that is dialled. */
  readonly serverName?: string;
}

export const CASSANDRA_NAMES: StoreNames = {
  login: "ATOLL_CASSANDRA_USER and ATOLL_CASSANDRA_PASSWORD (or ATOLL_CASSANDRA_PASSWORD_FILE)",
  rights: "let the role make its keyspace: GRANT CREATE ON ALL KEYSPACES, and ALL ON KEYSPACE of what is made (docs/stores.md)",
  tlsOn: "ATOLL_CASSANDRA_TLS=yes, ATOLL_CASSANDRA_CA_FILE=ca.pem",
  tlsOff: "take ATOLL_CASSANDRA_TLS and ATOLL_CASSANDRA_…_FILE away, or let Cassandra speak it (client_encryption_options)",
  authority: "ATOLL_CASSANDRA_CA_FILE",
  certificate: "ATOLL_CASSANDRA_CERT_FILE and ATOLL_CASSANDRA_KEY_FILE",
  serverName: "name it in ATOLL_CASSANDRA_SERVER_NAME, or have the address put into the certificate",
};

/** Undefined where history stays embedded. */
export function accessOf(config: StoreConfig & { readonly ATOLL_REGION: string }): CassandraAccess | undefined {
  const contactPoints = config.ATOLL_CASSANDRA_CONTACT_POINTS;
  if (contactPoints === undefined || contactPoints.length === 0) return undefined;
  const { ATOLL_CASSANDRA_USER: username, ATOLL_CASSANDRA_PASSWORD: password } = config;
  const tls = tlsOf(config, "CASSANDRA");
  return {
    contactPoints,
    keyspace: config.ATOLL_CASSANDRA_KEYSPACE ?? keyspaceOf("atoll", config.ATOLL_REGION),
    ...(config.ATOLL_CASSANDRA_LOCAL_DC === undefined ? {} : { localDc: config.ATOLL_CASSANDRA_LOCAL_DC }),
    ...(config.ATOLL_CASSANDRA_REPLICATION === undefined ? {} : { replication: replicasIn(config.ATOLL_CASSANDRA_REPLICATION) }),
    ...(username === undefined || password === undefined ? {} : { credentials: { username, password } }),
    ...(tls === undefined ? {} : { tls }),
    ...(config.ATOLL_CASSANDRA_SERVER_NAME === undefined ? {} : { serverName: config.ATOLL_CASSANDRA_SERVER_NAME }),
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
