/**
 * What is asked of a Cassandra cluster, in a few words. Statements are prepared, and bounded in time and number; the cluster may be away at the start
 * and at any time later, and is dialled again (`client.ts`).
 */
import cassandra from "cassandra-driver";
import type { ReadConsistency } from "../../core/ports/store-modes.ts";
import type { CassandraAccess } from "./access.ts";
import { openClient, type Use } from "./client.ts";
import { SCHEMA_MS, WRITE_MS } from "./cluster.ts";

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
/** Statements of one write in flight at once. */
export const IN_FLIGHT = 128;

export function openSession(options: SessionOptions): Session {
  const { use, close } = openClient(options, (client) =>
    options.prepared(
      sessionOver(
        (attempt) => attempt(client),
        async () => {},
        options,
      ),
    ),
  );
  return sessionOver(use, close, options);
}

function sessionOver(use: Use, close: Session["close"], options: SessionOptions): Session {
  const { keyspace, readConsistency, readMs = READ_MS, writeMs = WRITE_MS } = options;
  const timed = timedBy(options.answered);
  const reading = (query: string, values: readonly Value[], consistency: number, readTimeout: number): Promise<readonly Row[]> =>
    use(async (client) => {
      const asked = { prepare: true, isIdempotent: true, consistency, readTimeout, fetchSize: 0 };
      return rowsOf(await timed("read", consistency, client.execute(query, [...values], asked)));
    });
  const writing = {
    prepare: true,
    isIdempotent: true,
    consistency: consistencies.localQuorum,
    readTimeout: writeMs,
    executionProfile: "default",
  };
  const deciding = {
    prepare: true,
    isIdempotent: false,
    consistency: consistencies.localQuorum,
    serialConsistency: consistencies.localSerial,
    readTimeout: writeMs,
  };
  return {
    keyspace,
    read: (query, values) => reading(query, values, CONSISTENCY[readConsistency()], readMs),
    readSafely: (query, values) => reading(query, values, consistencies.localQuorum, writeMs),
    write: (statements) =>
      use((client) =>
        eachOf(statements, async ({ query, values }) => {
          await timed("write", writing.consistency, client.execute(query, [...values], writing));
        }),
      ),
    writeTogether: (statements) =>
      use(async (client) => {
        const queries = statements.map(({ query, values }) => ({ query, params: [...values] }));
        await timed("write", writing.consistency, client.batch(queries, { ...writing, logged: false }));
      }),
    decide: (query, values) => use(async (client) => (await client.execute(query, [...values], deciding)).wasApplied()),
    run: (query) => use(async (client) => rowsOf(await client.execute(query, [], { readTimeout: SCHEMA_MS }))),
    askEach: (query) =>
      use(async (client) => {
        const here = client.hosts.values().filter((host) => host.isUp() && host.datacenter === localDcOf(client));
        const answers = await Promise.allSettled(here.map((host) => client.execute(query, [], { host, readTimeout: readMs })));
        return answers.flatMap((one) => (one.status === "fulfilled" ? rowsOf(one.value) : []));
      }),
    version: async () =>
      String((await reading("SELECT release_version FROM system.local", [], consistencies.localOne, readMs))[0]?.["release_version"]),
    close,
  };
}

/** Tells how long an answer took, and at which consistency it was given where that is not the one asked for. */
function timedBy(answered: SessionOptions["answered"]) {
  return async (operation: "read" | "write", consistency: number, asked: Promise<cassandra.types.ResultSet>) => {
    const startedMs = performance.now();
    const result = await asked;
    answered?.(operation, consistencyName(result.info.achievedConsistency ?? consistency), performance.now() - startedMs);
    return result;
  };
}

/** In order, `IN_FLIGHT` at a time; rejects with the first that fails. */
async function eachOf<T>(all: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let one = all[next++]; one !== undefined; one = all[next++]) await run(one);
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, all.length) }, worker));
}

const rowsOf = (result: cassandra.types.ResultSet): readonly Row[] => (result.rows ?? []) as unknown as readonly Row[];
const localDcOf = (client: cassandra.Client): string =>
  (client as unknown as { options: { localDataCenter: string } }).options.localDataCenter;
