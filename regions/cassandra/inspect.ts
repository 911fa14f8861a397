/** Which Cassandra answers at an address, and whether it will do; asked once, for `atoll doctor`. */
import type { Inspected } from "../store-inspected.ts";
import { spoken, troubleOf } from "../store-trouble.ts";
import type { CassandraAccess } from "./access.ts";
import { CASSANDRA_NAMES } from "./access.ts";
import { findCluster } from "./cluster.ts";
import { MIGRATIONS } from "./schema.ts";

/** Trie memtables and unified compaction, which the tables ask for. */
const OLDEST_MAJOR = 5;
const NEWEST = Math.max(...MIGRATIONS.map(({ version }) => version));

/** Of the tables only where the keyspace is known. */
export async function inspectCassandra({
  keyspace,
  ...access
}: Omit<CassandraAccess, "keyspace"> & { readonly keyspace?: string }): Promise<Inspected> {
  const named = access.contactPoints.join(", ");
  try {
    const { version, localDc, tables } = await findCluster({ ...access, keyspace: keyspace ?? "system" });
    const how = [
      ...(access.tls === undefined ? [] : ["TLS"]),
      ...(access.credentials === undefined ? [] : [`signed in as ${access.credentials.username}`]),
    ];
    const found = [`${version} in data centre ${localDc}`, ...how].join(", ");
    if (Number(version.split(".")[0]) < OLDEST_MAJOR) return { ok: false, found, mend: `Cassandra ${OLDEST_MAJOR}.0 or newer is needed` };
    if (keyspace === undefined) return { ok: true, found };
    if (tables >= NEWEST) return { ok: true, found: `${found}, ${keyspace} at version ${tables}` };
    const lacking = tables === 0 ? `${keyspace} not made yet` : `${keyspace} at version ${tables} of ${NEWEST}`;
    return {
      ok: true,
      found: `${found}, ${lacking}`,
      mend: "a region makes what is missing when it starts, or atoll migrate (with ATOLL_MIGRATE=no)",
    };
  } catch (error) {
    const trouble = troubleOf(error, { names: CASSANDRA_NAMES, ...spoken(access.tls) });
    if (trouble !== undefined) return { ok: false, found: `${named}: ${trouble.why}`, mend: trouble.mend };
    const why = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    return { ok: false, found: `${named} does not answer: ${why}`, mend: "start it, or name another: --cassandra host[:port],…" };
  }
}
