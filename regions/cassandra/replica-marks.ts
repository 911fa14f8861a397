/**
 * How far replicas of other data centres lag (X11), seen where it matters: in a keyspace that several regions share over their data centres, each
 * region writes the time into its own now and then, and reads what has arrived of the others'. A mark's age is the lag, give or take the clocks and
 * the time between two marks.
 */
import type { Session } from "./session.ts";

const WRITE = "INSERT INTO marks (part, region, at_ms) VALUES ('all', ?, ?)";
const READ = "SELECT region, at_ms FROM marks WHERE part = 'all'";

export interface ReplicaMarksOptions {
  readonly session: Session;
  readonly region: string;
  readonly nowMs: () => number;
}

/** Marks the moment; resolves with the age of the newest mark of each other region that this data centre has, ms. */
export async function markAndRead({ session, region, nowMs }: ReplicaMarksOptions): Promise<ReadonlyMap<string, number>> {
  await session.write([{ query: WRITE, values: [region, BigInt(Math.floor(nowMs()))] }]);
  const rows = await session.read(READ, []);
  const others = rows.filter((row) => row["region"] !== region);
  return new Map(others.map((row) => [String(row["region"]), Math.max(0, nowMs() - Number(row["at_ms"]))]));
}
