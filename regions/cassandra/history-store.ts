/** The history store on Cassandra: what the port promises, as statements. Every row is idempotent under its own timestamp (words.ts). */
import type { Identity } from "../../core/ids.ts";
import type { AuditEntry } from "../../core/objects.ts";
import type { HistoryBatch, HistoryStore, StoredConflict, StoredMessage } from "../../core/ports/history-store.ts";
import type { Entry } from "../../core/register.ts";
import { bucketsOf } from "./buckets.ts";
import type { ChannelBuckets } from "./channel-buckets.ts";
import { pageOf } from "./channel-pages.ts";
import { HistoryWrites } from "./history-writes.ts";
import { Positions } from "./positions.ts";
import { readMessage, SLICE, storedConflict } from "./rows.ts";
import type { Session } from "./session.ts";

export interface CassandraHistoryParts {
  readonly session: Session;
  readonly buckets: ChannelBuckets;
  readonly nowMs: () => number;
}

const MESSAGE = "SELECT state FROM messages WHERE channel = ? AND bucket = ? AND place = ?";

export function openCassandraHistory({ session, buckets, nowMs }: CassandraHistoryParts): HistoryStore {
  const writes = new HistoryWrites(session, buckets);
  const positions = new Positions(session, nowMs, () => buckets.forget());

  async function message(channel: Identity, place: string): Promise<StoredMessage | undefined> {
    const [born = "", identity = ""] = place.split("|");
    const where = bucketsOf(born, await buckets.finer(channel));
    const rows = (await Promise.all(where.map((bucket) => session.read(MESSAGE, [channel, bucket, place])))).flat();
    const newest = rows.map((row) => String(row["state"])).reduce((a, b) => (a > b ? a : b), ""); // words begin them
    return newest === "" ? undefined : readMessage(channel, `${born}|${identity}`, newest);
  }

  return {
    write: (batch: HistoryBatch) => writes.write(batch),
    held: (shard) => positions.held(shard),
    hold: (shard, held) => positions.hold(shard, held),
    page: (channel, range) => pageOf({ session, buckets }, channel, range),
    message,
    versions: async (channel, identity) => {
      const rows = await session.read("SELECT entry FROM versions WHERE channel = ? AND message = ?", [channel, identity]);
      return rows.map((row) => JSON.parse(String(row["entry"])) as Entry);
    },
    conflicts: async (channel, { after = "", limit }) => {
      const found: StoredConflict[] = [];
      for (let from = after; found.length < limit; ) {
        const rows = await session.read("SELECT id, state FROM conflicts WHERE channel = ? AND id > ? LIMIT ?", [channel, from, limit]);
        for (const row of rows) found.push(...storedConflict(channel, String(row["id"]), String(row["state"])));
        if (rows.length < limit) break;
        from = String(rows.at(-1)?.["id"]);
      }
      return found.slice(0, limit);
    },
    audit: async (region, { after, limit }) => {
      const found: AuditEntry[] = [];
      let [from, slice] = [after, Math.floor((after + 1) / SLICE)];
      for (;;) {
        const query = "SELECT seq, entry FROM audit WHERE region = ? AND slice = ? AND seq > ? LIMIT ?";
        const rows = await session.read(query, [region, slice, BigInt(from), limit - found.length]);
        for (const row of rows) found.push(JSON.parse(String(row["entry"])) as AuditEntry);
        if (found.length >= limit) return found;
        from = (slice + 1) * SLICE - 1;
        slice += 1;
        const [more] = await session.read("SELECT seq FROM audit WHERE region = ? AND slice = ? LIMIT 1", [region, slice]);
        if (more === undefined) return found;
      }
    },
    close: () => session.close(),
  };
}
