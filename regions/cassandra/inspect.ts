/** Which Cassandra answers at an address, and whether it will do; asked once, for `atoll doctor`. */
import { findCluster } from "./session.ts";

export interface Inspected {
  readonly ok: boolean;
  readonly found: string;
  /** What mends it. */
  readonly mend?: string;
}

/** Trie memtables and unified compaction, which the tables ask for. */
const OLDEST_MAJOR = 5;

export async function inspectCassandra(contactPoints: readonly string[]): Promise<Inspected> {
  const named = contactPoints.join(", ");
  try {
    const { version, localDc } = await findCluster({ contactPoints, keyspace: "system" });
    const found = `${version} in data centre ${localDc}`;
    if (Number(version.split(".")[0]) < OLDEST_MAJOR) return { ok: false, found, mend: `Cassandra ${OLDEST_MAJOR}.0 or newer is needed` };
    return { ok: true, found };
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    return { ok: false, found: `${named} does not answer: ${why}`, mend: "start it, or name another: --cassandra host[:port],…" };
  }
}
