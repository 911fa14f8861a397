/**
 * Finding a Cassandra cluster: how its servers are dialled, what stands there, in which data centre we are, and the keyspace, made where there is none.
 */
import cassandra from "cassandra-driver";
import type { CassandraAccess } from "./access.ts";

/** A server answers within this long, or fails. */
export const WRITE_MS = 4_000;
/** Statements that change the schema: all servers must agree. */
export const SCHEMA_MS = 30_000;
const CONNECT_MS = 2_000;

export function clientOptions({ contactPoints, credentials, tls, serverName }: CassandraAccess): cassandra.ClientOptions {
  // The driver looks at no certificate unless it is told to.
  const sslOptions = { ...tls, ...(serverName === undefined ? {} : { servername: serverName }), rejectUnauthorized: true };
  return {
    contactPoints: [...contactPoints],
    ...(credentials === undefined ? {} : { credentials }),
    ...(tls === undefined ? {} : { sslOptions }),
    encoding: { useBigIntAsLong: true },
    // The default waits up to ten minutes before it dials a server again.
    policies: { reconnection: new cassandra.policies.reconnection.ExponentialReconnectionPolicy(250, 5_000, false) },
    socketOptions: { connectTimeout: CONNECT_MS, readTimeout: WRITE_MS },
    pooling: { heartBeatInterval: 5_000 },
  };
}

/** With a client that needs to know nothing of data centres and keyspaces. */
async function asStranger<T>(access: CassandraAccess, use: (client: cassandra.Client) => Promise<T>): Promise<T> {
  const options = clientOptions(access);
  const loadBalancing = new cassandra.policies.loadBalancing.AllowListPolicy(
    new cassandra.policies.loadBalancing.RoundRobinPolicy(),
    access.contactPoints.map((point) => (point.includes(":") ? point : `${point}:9042`)),
  );
  const client = new cassandra.Client({ ...options, policies: { ...options.policies, loadBalancing } });
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.shutdown().catch(() => {});
  }
}

const SAFE_NAME = /^[a-z][a-z0-9_]{0,47}$/;
/** Keyspaces are named in schema statements, which take no parameters. */
function checkKeyspace(keyspace: string): void {
  if (!SAFE_NAME.test(keyspace)) throw new Error(`a keyspace is named in a-z, 0-9 and _, at most 48, from a letter: not ${keyspace}`);
}

interface Found {
  readonly localDc: string;
  readonly version: string;
  /** Version of the keyspace's tables; 0 when there are none. */
  readonly tables: number;
}

/** What answers at the contact points, as it stands: for doctors. */
export const findCluster = (access: CassandraAccess): Promise<Found> =>
  asStranger(access, async (client) => {
    const { rows } = await client.execute("SELECT data_center, release_version FROM system.local");
    checkKeyspace(access.keyspace);
    const made = client.execute(`SELECT max(version) AS newest FROM ${access.keyspace}.migrations WHERE part = 'history'`);
    const tables = await made.then((found) => Number(found.rows[0]?.["newest"] ?? 0), () => 0); // biome-ignore format: one thought
    return { localDc: String(rows[0]?.["data_center"]), version: String(rows[0]?.["release_version"]), tables };
  });

/** Finds the data centre, which is returned, and makes the keyspace where there is none. */
export async function prepareKeyspace(access: CassandraAccess): Promise<string> {
  checkKeyspace(access.keyspace);
  return asStranger(access, async (client) => {
    const local = (await client.execute("SELECT data_center FROM system.local")).rows[0];
    const localDc = access.localDc ?? String(local?.["data_center"]);
    const there = await client.execute("SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?", [access.keyspace]);
    if (there.rowLength > 0) return localDc;
    const peers = (await client.execute("SELECT data_center FROM system.peers")).rows.map((row) => String(row["data_center"]));
    const nodes = [String(local?.["data_center"]), ...peers].filter((dc) => dc === localDc).length;
    const replication = access.replication ?? { [localDc]: Math.max(1, Math.min(3, nodes)) };
    const parts = Object.entries(replication).map(([dc, replicas]) => `'${dc.replaceAll("'", "")}': ${replicas}`);
    const makes = `CREATE KEYSPACE IF NOT EXISTS ${access.keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', ${parts.join(", ")}}`;
    await client.execute(makes, [], { readTimeout: SCHEMA_MS });
    return localDc;
  });
}
