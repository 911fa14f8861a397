/**
 * The driver's client, one at a time: dialled when it is first asked for, again where that failed, and anew where somebody has dropped the tables.
 * Statements are routed by token within the local data centre.
 */
import cassandra from "cassandra-driver";
import { mendedBy, spoken } from "../store-trouble.ts";
import { CASSANDRA_NAMES, type CassandraAccess } from "./access.ts";
import { clientOptions, prepareKeyspace } from "./cluster.ts";

/** Makes an attempt with a client that is connected; rejects as the attempt does, or where there is no way to the cluster. */
export type Use = <T>(attempt: (client: cassandra.Client) => Promise<T>) => Promise<T>;

export interface ClusterClient {
  readonly use: Use;
  /** Ends the client; whoever asks afterwards is refused. */
  close(): Promise<void>;
}

/** A read that has not answered after this long is asked of another server too; only reads: they change nothing. */
const SPECULATIVE_MS = 150;

/** `prepared`: called with each client that is connected, before anybody else uses it. */
export function openClient(access: CassandraAccess, prepared: (client: cassandra.Client) => Promise<void>): ClusterClient {
  let opening: Promise<cassandra.Client> | undefined;
  let closed = false;

  /** One attempt at a time; a failed one is over, and the next call makes another. */
  function connected(): Promise<cassandra.Client> {
    if (closed) return Promise.reject(new Error("the Cassandra session is closed"));
    opening ??= dial(access, prepared).catch((error: unknown) => {
      opening = undefined;
      throw mendedBy(error, { names: CASSANDRA_NAMES, ...spoken(access.tls) });
    });
    return opening;
  }

  return {
    use: async (attempt) => {
      const client = await connected();
      try {
        return await attempt(client);
      } catch (error) {
        // The next call makes them again.
        if (tablesAreGone(error) && opening !== undefined) {
          opening = undefined;
          void client.shutdown().catch(() => {});
        }
        throw error;
      }
    },
    close: async () => {
      closed = true;
      const client = await opening?.catch(() => undefined);
      await client?.shutdown();
    },
  };
}

async function dial(access: CassandraAccess, prepared: (client: cassandra.Client) => Promise<void>): Promise<cassandra.Client> {
  const client = new cassandra.Client(localOptions(access, await prepareKeyspace(access)));
  // A host that comes and goes is news for the driver, and an error event without a listener would end the process.
  client.on("error", () => {});
  try {
    await client.connect();
    await prepared(client);
    return client;
  } catch (error) {
    await client.shutdown().catch(() => {});
    throw error;
  }
}

function localOptions(access: CassandraAccess, localDc: string): cassandra.ClientOptions {
  const base = clientOptions(access);
  const { loadBalancing, speculativeExecution } = cassandra.policies;
  return {
    ...base,
    localDataCenter: localDc,
    keyspace: access.keyspace,
    policies: {
      ...base.policies,
      loadBalancing: new loadBalancing.TokenAwarePolicy(new loadBalancing.DCAwareRoundRobinPolicy(localDc)),
      speculativeExecution: new speculativeExecution.ConstantSpeculativeExecutionPolicy(SPECULATIVE_MS, 1),
    },
  };
}

/**
 * The keyspace or a table of it is not there any more: said by the server, or by each server that was tried. A statement that a server does not know
 * is prepared anew by the driver; where that does not help, what it spoke of is gone.
 */
function tablesAreGone(error: unknown): boolean {
  if (error instanceof cassandra.errors.NoHostAvailableError) return Object.values(error.innerErrors ?? {}).some(tablesAreGone);
  return error instanceof Error && /does ?n[o']t exist|unconfigured table|unknown keyspace|^Prepared query with ID/i.test(error.message);
}
