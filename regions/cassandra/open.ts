/** A region's Cassandra: the session, its tables, and the history store on them. */
import type { HistoryStore } from "../../core/ports/history-store.ts";
import type { ReadConsistency } from "../../core/ports/store-modes.ts";
import type { CassandraAccess } from "./access.ts";
import type { ChannelBucketsOptions } from "./channel-buckets.ts";
import { ChannelBuckets } from "./channel-buckets.ts";
import { openCassandraHistory } from "./history-store.ts";
import { migrate, versionOf } from "./migrate.ts";
import { MIGRATIONS } from "./schema.ts";
import type { Session, SessionOptions } from "./session.ts";
import { openSession } from "./session.ts";

export interface CassandraParts extends CassandraAccess, Pick<SessionOptions, "answered" | "readMs" | "writeMs"> {
  /** Unlike that of every other process. */
  readonly boot: string;
  readonly nowMs: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** Whether tables that are missing may be made here; else `atoll migrate` does it. */
  readonly mayMigrate: boolean;
  readonly readConsistency?: () => ReadConsistency;
  readonly splitBytes?: number;
  /** What is known of a channel's buckets is asked again after this long. */
  readonly knownMs?: number;
  readonly splitting?: ChannelBucketsOptions["splitting"];
}
export interface OpenCassandra {
  readonly history: HistoryStore;
  readonly session: Session;
}

const NEWEST = Math.max(...MIGRATIONS.map(({ version }) => version));

/** Connects at the first use, and again when the cluster comes back: it may be away now. */
export function openCassandra({
  boot,
  nowMs,
  pause,
  mayMigrate,
  readConsistency = () => "local-one",
  ...parts
}: CassandraParts): OpenCassandra {
  const session = openSession({
    ...parts,
    readConsistency,
    prepared: async (prepared) => {
      if (mayMigrate) await migrate(prepared, { who: boot, pause });
      else if ((await versionOf(prepared)) < NEWEST) throw new Error(`the keyspace ${prepared.keyspace} lacks tables: atoll migrate`);
    },
  });
  const buckets = new ChannelBuckets({
    session,
    nowMs,
    ...(parts.splitBytes === undefined ? {} : { splitBytes: parts.splitBytes }),
    ...(parts.knownMs === undefined ? {} : { knownMs: parts.knownMs }),
    ...(parts.splitting === undefined ? {} : { splitting: parts.splitting }),
  });
  return { session, history: openCassandraHistory({ session, buckets, nowMs }) };
}
