/**
 * Makes one data centre of a shared keyspace stand alone (D8): after this nothing of the keyspace is expected of the others, which are gone for good
 * or for long. Regions that used a lost one name this one as their own.
 */
import type { Session } from "./session.ts";

export interface Promoted {
  readonly keyspace: string;
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
}

export async function promote(session: Session, dc: string): Promise<Promoted> {
  const [row] = await session.run(`SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = '${session.keyspace}'`);
  const replication = (row?.["replication"] ?? {}) as unknown as Readonly<Record<string, string>>;
  const before = Object.fromEntries(
    Object.entries(replication).flatMap(([name, count]) => (name === "class" ? [] : [[name, Number(count)]])),
  );
  const replicas = before[dc];
  if (replicas === undefined)
    throw new Error(`${session.keyspace} has no replicas in ${dc}: it stands in ${Object.keys(before).join(", ")}`);
  const after = { [dc]: replicas };
  await session.run(
    `ALTER KEYSPACE ${session.keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', '${dc.replaceAll("'", "")}': ${replicas}}`,
  );
  return { keyspace: session.keyspace, before, after };
}
