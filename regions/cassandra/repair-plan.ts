/** What to repair after trouble, in order (P2): the newest partitions of the channels that are written most, then everything else, piece by piece. */
import type { RepairStep } from "../../core/ports/store-modes.ts";
import type { Session } from "./session.ts";

/** Buckets looked at, and those of them that are called hot. */
const LOOKED_AT = 50_000;
const HOT = 20;

interface Bucket {
  readonly channel: string;
  readonly bucket: string;
  readonly bytes: number;
}

export async function repairPlan(session: Session): Promise<readonly RepairStep[]> {
  const { keyspace } = session;
  const rows = await session.readSafely("SELECT channel, bucket, bytes FROM buckets LIMIT ?", [LOOKED_AT]);
  const buckets = rows.map(
    ({ channel, bucket, bytes }): Bucket => ({ channel: String(channel), bucket: String(bucket), bytes: Number(bytes ?? 0) }),
  );
  const steps: RepairStep[] = [];
  for (const { channel, bucket, bytes } of hottest(buckets)) {
    const [row] = await session.readSafely(
      "SELECT token(channel, bucket) AS place FROM messages WHERE channel = ? AND bucket = ? LIMIT 1",
      [channel, bucket],
    );
    if (row === undefined) continue;
    const token = BigInt(String(row["place"]));
    steps.push({
      why: `hot: ${channel} ${bucket}, ${Math.ceil(bytes / 1024 / 1024)} MiB written`,
      command: `nodetool repair --full -st ${token - 1n} -et ${token} ${keyspace} messages`,
    });
  }
  return [...steps, { why: "everything else, incrementally; on each node in turn", command: `nodetool repair ${keyspace}` }];
}

/** The newest bucket of each channel, those with most bytes first. */
function hottest(buckets: readonly Bucket[]): readonly Bucket[] {
  const newest = new Map<string, Bucket>();
  for (const one of buckets) if (one.bucket > (newest.get(one.channel)?.bucket ?? "")) newest.set(one.channel, one);
  return [...newest.values()].sort((a, b) => b.bytes - a.bytes || (a.channel < b.channel ? -1 : 1)).slice(0, HOT);
}
