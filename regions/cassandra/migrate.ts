/**
 * Brings a keyspace to the tables of this version: forward only, each step once, one region at a time by a lock that ends by itself when its holder
 * dies. An older version that runs beside it goes on: steps only widen.
 */
import type { Migration } from "./schema.ts";
import { MIGRATIONS } from "./schema.ts";
import type { Session } from "./session.ts";

const LOCK_S = 60;
const AGAIN_MS = 200;

export interface MigrateOptions {
  /** Unlike every other who may migrate at the same time. */
  readonly who: string;
  readonly pause: (ms: number) => Promise<void>;
  readonly migrations?: readonly Migration[];
  /** Waits this long for another to finish, ms. */
  readonly patienceMs?: number;
}
export interface Migrated {
  readonly from: number;
  readonly to: number;
  readonly steps: readonly { readonly version: number; readonly about: string }[];
}

/** A newer version has been here: this one goes on with what it knows. */
export const versionOf = async (session: Session): Promise<number> => {
  const tables = await session.run(
    `SELECT table_name FROM system_schema.tables WHERE keyspace_name = '${session.keyspace}' AND table_name = 'migrations'`,
  );
  if (tables.length === 0) return 0;
  const rows = await session.readSafely("SELECT version FROM migrations WHERE part = 'history'", []);
  return Math.max(0, ...rows.map((row) => Number(row["version"])));
};

export async function migrate(session: Session, options: MigrateOptions): Promise<Migrated> {
  const { migrations = MIGRATIONS } = options;
  const latest = Math.max(...migrations.map(({ version }) => version));
  // Only a short cut: a table may be named before it can be read, while somebody else makes it. It is read again under the lock, where failing counts.
  const from = await versionOf(session).catch(() => 0);
  if (from >= latest) return { from, to: from, steps: [] };
  await made(session, options);
  await lock(session, options);
  try {
    const begun = await versionOf(session);
    const steps = migrations.filter(({ version }) => version > begun);
    for (const { version, about, statements } of steps) {
      for (const statement of statements) await session.run(statement);
      await session.write([
        {
          query: "INSERT INTO migrations (part, version, about, done_ms) VALUES ('history', ?, ?, toUnixTimestamp(now()))",
          values: [version, about],
        },
      ]);
    }
    return { from: begun, to: latest, steps: steps.map(({ version, about }) => ({ version, about })) };
  } finally {
    await session.decide("DELETE FROM locks WHERE name = 'migrate' IF holder = ?", [options.who]).catch(() => false);
  }
}

const TABLES = [
  "CREATE TABLE IF NOT EXISTS migrations (part text, version int, about text, done_ms bigint, PRIMARY KEY ((part), version))",
  "CREATE TABLE IF NOT EXISTS locks (name text PRIMARY KEY, holder text)",
];
const TRIES = 10;

/** What the lock stands on, before there is a lock: of several who make a table in the same moment one may be refused for it, and finds it when asked again. */
async function made(session: Session, { pause }: MigrateOptions): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      for (const table of TABLES) await session.run(table);
      return;
    } catch (error) {
      if (tries === TRIES) throw error;
      await pause(AGAIN_MS);
    }
  }
}

async function lock(session: Session, { who, pause, patienceMs = LOCK_S * 2_000 }: MigrateOptions): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += AGAIN_MS) {
    if (await session.decide(`INSERT INTO locks (name, holder) VALUES ('migrate', ?) IF NOT EXISTS USING TTL ${LOCK_S}`, [who])) return;
    if (waitedMs > patienceMs) throw new Error("somebody else is migrating this keyspace, and does not finish");
    await pause(AGAIN_MS);
  }
}
