/**
 * The way to a Cassandra cluster: one driver client behind a few words. Statements are prepared, routed by token within the local data centre, and
 * bounded in time and number; the cluster may be away at the start and at any time later, and is dialled again.
 */
import cassandra from "cassandra-driver";
import type { ReadConsistency } from "../../core/ports/store-modes.ts";
import { mendedBy, spoken } from "../store-trouble.ts";
import { CASSANDRA_NAMES, type CassandraAccess } from "./access.ts";

export type Value = string | number | bigint | null;
export type Row = Readonly<Record<string, Value>>;
export interface Statement {
  readonly query: string;
  readonly values: readonly Value[];
}

export interface SessionOptions extends CassandraAccess {
  /** What a read of people's pages is asked at; read anew for each. */
  readonly readConsistency: () => ReadConsistency;
  /** A read was answered at this consistency, in so many ms. */
  readonly answered?: (operation: "read" | "write", consistency: string, tookMs: number) => void;
  readonly readMs?: number;
  readonly writeMs?: number;
  /** Prepares the keyspace: called once after each connect, before anything else. */
  readonly prepared: (session: Session) => Promise<void>;
}

export interface Session {
  readonly keyspace: string;
  /** Rows of one page of people's history: at the consistency of the moment. */
  read(query: string, values: readonly Value[]): Promise<readonly Row[]>;
  /** Rows that decisions of our own stand on: local quorum. */
  readSafely(query: string, values: readonly Value[]): Promise<readonly Row[]>;
  /** All of them, at local quorum, so many at a time; idempotent, each by its own timestamp. */
  write(statements: readonly Statement[]): Promise<void>;
  /** Several rows of one partition as one mutation: all or none. */
  writeTogether(statements: readonly Statement[]): Promise<void>;
  /** A lightweight transaction: whether it was applied. */
  decide(query: string, values: readonly Value[]): Promise<boolean>;
  /** Any statement once, with patience: schema. */
  run(query: string): Promise<readonly Row[]>;
  /** One server of the local data centre after another. */
  askEach(query: string): Promise<readonly Row[]>;
  close(): Promise<void>;
  /** Release of the server that answers. */
  version(): Promise<string>;
}

const { consistencies } = cassandra.types;
const CONSISTENCY: Readonly<Record<ReadConsistency, number>> = {
  "local-one": consistencies.localOne,
  one: consistencies.one,
  "local-quorum": consistencies.localQuorum,
  quorum: consistencies.quorum,
};
const NAME = new Map(
  Object.entries(consistencies).map(([name, code]) => [code, name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)]),
);
const consistencyName = (code: number | undefined): string => (code === undefined ? "unknown" : (NAME.get(code) ?? String(code)));

const READ_MS = 1_000;
const WRITE_MS = 4_000;
const SCHEMA_MS = 30_000;
const CONNECT_MS = 2_000;
/** Statements of one write in flight at once. */
export const IN_FLIGHT = 128;
/** A read that has not answered after this long is asked of another server too; only reads: they change nothing. */
const SPECULATIVE_MS = 150;

function clientOptions({ contactPoints, credentials, tls, serverName }: CassandraAccess): cassandra.ClientOptions {
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

/** Finds the data centre, and makes the keyspace where there is none. */
async function prepareKeyspace(access: CassandraAccess): Promise<string> {
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

/**
 * The keyspace or a table of it is not there any more: said by the server, or by each server that was tried. A statement that a server does not know
 * is prepared anew by the driver; where that does not help, what it spoke of is gone.
 */
function tablesAreGone(error: unknown): boolean {
  if (error instanceof cassandra.errors.NoHostAvailableError) return Object.values(error.innerErrors ?? {}).some(tablesAreGone);
  return error instanceof Error && /does ?n[o']t exist|unconfigured table|unknown keyspace|^Prepared query with ID/i.test(error.message);
}

export function openSession(options: SessionOptions): Session {
  const { readMs = READ_MS, writeMs = WRITE_MS, answered, readConsistency } = options;
  let opening: Promise<cassandra.Client> | undefined;
  let closed = false;

  async function open(): Promise<cassandra.Client> {
    const localDc = await prepareKeyspace(options);
    const base = clientOptions(options);
    const { policies } = cassandra;
    const client = new cassandra.Client({
      ...base,
      localDataCenter: localDc,
      keyspace: options.keyspace,
      policies: {
        ...base.policies,
        loadBalancing: new policies.loadBalancing.TokenAwarePolicy(new policies.loadBalancing.DCAwareRoundRobinPolicy(localDc)),
        speculativeExecution: new policies.speculativeExecution.ConstantSpeculativeExecutionPolicy(SPECULATIVE_MS, 1),
      },
    });
    // A host that comes and goes is news for the driver, and an error event without a listener would end the process.
    client.on("error", () => {});
    try {
      await client.connect();
      await options.prepared(sessionOn(async () => client));
      return client;
    } catch (error) {
      await client.shutdown().catch(() => {});
      throw error;
    }
  }

  /** One attempt at a time; a failed one is over, and the next call makes another. */
  function connected(): Promise<cassandra.Client> {
    if (closed) return Promise.reject(new Error("the Cassandra session is closed"));
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw mendedBy(error, { names: CASSANDRA_NAMES, ...spoken(options.tls) });
    });
    return opening;
  }

  /** Somebody dropped the tables: the next call makes them again. */
  async function reopened<T>(attempt: (client: cassandra.Client) => Promise<T>, connect: () => Promise<cassandra.Client>): Promise<T> {
    const client = await connect();
    try {
      return await attempt(client);
    } catch (error) {
      if (tablesAreGone(error) && opening !== undefined) {
        opening = undefined;
        void client.shutdown().catch(() => {});
      }
      throw error;
    }
  }

  function sessionOn(connect: () => Promise<cassandra.Client>): Session {
    const timed = async (operation: "read" | "write", consistency: number, one: Promise<cassandra.types.ResultSet>) => {
      const startedMs = performance.now();
      const result = await one;
      answered?.(operation, consistencyName(result.info.achievedConsistency ?? consistency), performance.now() - startedMs);
      return result;
    };
    const reading = async (query: string, values: readonly Value[], consistency: number, readTimeout: number): Promise<readonly Row[]> =>
      reopened(async (client) => {
        const asked = { prepare: true, isIdempotent: true, consistency, readTimeout, fetchSize: 0 };
        return rowsOf(await timed("read", consistency, client.execute(query, [...values], asked)));
      }, connect);
    const writing = {
      prepare: true,
      isIdempotent: true,
      consistency: consistencies.localQuorum,
      readTimeout: writeMs,
      executionProfile: "default",
    };
    return {
      keyspace: options.keyspace,
      read: (query, values) => reading(query, values, CONSISTENCY[readConsistency()], readMs),
      readSafely: (query, values) => reading(query, values, consistencies.localQuorum, writeMs),
      write: (statements) =>
        reopened(async (client) => {
          let next = 0;
          const worker = async (): Promise<void> => {
            for (let one = statements[next++]; one !== undefined; one = statements[next++])
              await timed("write", writing.consistency, client.execute(one.query, [...one.values], writing));
          };
          await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, statements.length) }, worker));
        }, connect),
      writeTogether: (statements) =>
        reopened(async (client) => {
          const queries = statements.map(({ query, values }) => ({ query, params: [...values] }));
          await timed("write", writing.consistency, client.batch(queries, { ...writing, logged: false }));
        }, connect),
      decide: (query, values) =>
        reopened(async (client) => {
          const asked = {
            prepare: true,
            isIdempotent: false,
            consistency: consistencies.localQuorum,
            serialConsistency: consistencies.localSerial,
            readTimeout: writeMs,
          };
          return (await client.execute(query, [...values], asked)).wasApplied();
        }, connect),
      run: (query) => reopened(async (client) => rowsOf(await client.execute(query, [], { readTimeout: SCHEMA_MS })), connect),
      askEach: (query) =>
        reopened(async (client) => {
          const here = client.hosts.values().filter((host) => host.isUp() && host.datacenter === localDcOf(client));
          const answers = await Promise.allSettled(here.map((host) => client.execute(query, [], { host, readTimeout: readMs })));
          return answers.flatMap((one) => (one.status === "fulfilled" ? rowsOf(one.value) : []));
        }, connect),
      version: async () =>
        String((await reading("SELECT release_version FROM system.local", [], consistencies.localOne, readMs))[0]?.["release_version"]),
      close: async () => {
        closed = true;
        const client = await opening?.catch(() => undefined);
        await client?.shutdown();
      },
    };
  }
  return sessionOn(connected);
}

const rowsOf = (result: cassandra.types.ResultSet): readonly Row[] => (result.rows ?? []) as unknown as readonly Row[];
const localDcOf = (client: cassandra.Client): string =>
  (client as unknown as { options: { localDataCenter: string } }).options.localDataCenter;
