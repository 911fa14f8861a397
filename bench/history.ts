/**
 * History in Cassandra.
 *   write   pages of changes through the history store against a bare driver loop that inserts the same rows, as many in flight
 *   read    a channel's last 50 through the history store against the one bare select that brings the same rows
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import cassandra from "cassandra-driver";
import type { HistoryBatch } from "../core/ports/history-store.ts";
import { placeOf } from "../core/ports/history-store.ts";
import { writtenAsSent } from "../core/ports/sent-message.test-model.ts";
import type { Entry } from "../core/register.ts";
import { formatStamp } from "../core/stamp.ts";
import { openCassandra } from "../regions/cassandra/open.ts";
import { messageState } from "../regions/cassandra/rows.ts";
import { IN_FLIGHT } from "../regions/cassandra/session.ts";
import { timestampOf } from "../regions/cassandra/words.ts";
import { cassandraNode, placeNode } from "../test/servers/cassandra.ts";
import { CASSANDRA_VERSION } from "../test/servers/java.ts";
import { makeRunFolder } from "../test/servers/run-folder.ts";
import { head, inTurns, msSince, percentile, sizeOf, tell } from "./measure.ts";

/** Changes of one page, as the projection brings them. */
const PAGE = 200;
const PAGES = Math.ceil(sizeOf(20_000, 6_000) / PAGE);
const CHANNELS = 40;
const READS = sizeOf(4_000, 1_500);
const READERS = 16;
const BODY = "A message as long as most that people write to each other in a channel of their own, not more.";

const identity = (name: string): string => name.padEnd(26, "0");
let made = 0;

/** Every message is new, in the channel next in turn. */
function pageOfChanges(): HistoryBatch {
  const batch = { versions: [], messages: [], conflicts: [], audit: [] } as unknown as {
    [K in keyof HistoryBatch]: HistoryBatch[K][number][];
  };
  for (let i = 0; i < PAGE; i += 1) {
    const nth = (made += 1);
    const stamp = formatStamp(Date.now(), nth % 65_536, "us");
    const [channel, message] = [identity(`c${nth % CHANNELS}`), identity(`m${nth.toString(36)}`)];
    const entry: Entry = {
      stamp,
      kind: "sent",
      author: `author-${nth % 256}`,
      command: `command-${nth}`,
      content: "0".repeat(32),
      value: { body: BODY },
      replaces: [],
      policy: "lww",
      deletes: "final",
      right: stamp,
      after: { us: `1.${nth}.0`, eu: `1.${nth}.0`, ap: `1.${nth}.0` },
      position: { origin: "us", epoch: 1, sequence: nth, place: 0 },
      hash: "f".repeat(64),
    };
    batch.versions.push({ channel, message, entry });
    const sent = writtenAsSent({ channel, message, born: stamp, body: BODY, revision: nth });
    batch.messages.push({ ...sent, shown: { ...sent.shown, author: entry.author } });
    batch.audit.push({ seq: nth, region: "us", at: new Date().toISOString(), kind: "version", hash: "", prev: "", fact: entry });
  }
  return batch;
}

const folder = makeRunFolder();
const data = await mkdtemp(join(tmpdir(), "atoll-bench-"));
const node = cassandraNode(await placeNode({ folder: data }));
try {
  await node.start();
  const { address, port } = node.place;
  const ours = openCassandra({
    contactPoints: [`${address}:${port}`],
    keyspace: "ours",
    boot: "bench",
    nowMs: Date.now,
    pause,
    mayMigrate: true,
  });
  await openCassandra({
    contactPoints: [`${address}:${port}`],
    keyspace: "bare",
    boot: "bench",
    nowMs: Date.now,
    pause,
    mayMigrate: true,
  }).session.version();
  const bare = new cassandra.Client({ contactPoints: [`${address}:${port}`], localDataCenter: "dc1", keyspace: "bare" });
  await bare.connect();
  head("history: message history in Cassandra", { cassandra: CASSANDRA_VERSION });
  console.log(
    `${PAGES} pages of ${PAGE} changes, each a message, a version and an audit entry; ${IN_FLIGHT} statements in flight; then ${READS} reads by ${READERS} readers`,
  );

  const options = { prepare: true, consistency: cassandra.types.consistencies.localQuorum };
  const rowsOf = (batch: HistoryBatch): readonly (readonly [query: string, values: readonly unknown[]])[] => [
    ...batch.versions.map(
      ({ channel, message, entry }) =>
        [
          "INSERT INTO versions (channel, message, stamp, entry) VALUES (?, ?, ?, ?) USING TIMESTAMP ?",
          [channel, message, entry.stamp, JSON.stringify(entry), cassandra.types.Long.fromString(String(timestampOf(entry.stamp)))],
        ] as const,
    ),
    ...batch.messages.map(
      (one) =>
        [
          "INSERT INTO messages (channel, bucket, place, state) VALUES (?, ?, ?, ?) USING TIMESTAMP ?",
          [
            one.channel,
            new Date().toISOString().slice(0, 10),
            placeOf(one),
            messageState(one.word, one.shown === null ? undefined : one),
            cassandra.types.Long.fromString(String(timestampOf(one.born))),
          ],
        ] as const,
    ),
    ...batch.audit.map(
      (entry) =>
        [
          "INSERT INTO audit (region, slice, seq, entry) VALUES (?, ?, ?, ?)",
          [entry.region, Math.floor(entry.seq / 10_000), cassandra.types.Long.fromNumber(entry.seq), JSON.stringify(entry)],
        ] as const,
    ),
  ];
  const bareWrite = async (): Promise<number> => {
    const rows = Array.from({ length: PAGES }, pageOfChanges).flatMap(rowsOf);
    const began = performance.now();
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let row = rows[next++]; row !== undefined; row = rows[next++]) await bare.execute(row[0], [...row[1]], options);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    return (PAGES * PAGE) / (msSince(began) / 1_000);
  };
  const ourWrite = async (): Promise<number> => {
    const pages = Array.from({ length: PAGES }, pageOfChanges);
    const began = performance.now();
    for (const page of pages) await ours.history.write(page);
    return (PAGES * PAGE) / (msSince(began) / 1_000);
  };
  await ourWrite(); // warm
  await bareWrite();
  const written = await inTurns(ourWrite, bareWrite);

  interface Reads {
    readonly p50: number;
    readonly rate: number;
    /** Processor time of this process, ms a page. */
    readonly cpu: number;
  }
  const reads = async (once: (channel: string) => Promise<number>): Promise<Reads> => {
    const took: number[] = [];
    const began = performance.now();
    const used = process.cpuUsage();
    const reader = async (lane: number): Promise<void> => {
      for (let i = lane; i < READS; i += READERS) {
        const at = performance.now();
        if ((await once(identity(`c${i % CHANNELS}`))) !== 50) throw new Error("not fifty messages");
        took.push(msSince(at));
      }
    };
    await Promise.all(Array.from({ length: READERS }, (_, lane) => reader(lane)));
    const { user, system } = process.cpuUsage(used);
    return { p50: percentile(took, 0.5), rate: READS / (msSince(began) / 1_000), cpu: (user + system) / 1_000 / READS };
  };
  const today = new Date().toISOString().slice(0, 10);
  const bareSelect = async (channel: string): Promise<number> =>
    (
      await bare.execute("SELECT place, state FROM messages WHERE channel = ? AND bucket = ? LIMIT 50", [channel, today], {
        prepare: true,
        consistency: cassandra.types.consistencies.localOne,
      })
    ).rowLength;
  const ourPage = async (channel: string): Promise<number> => (await ours.history.page(channel, { limit: 50 })).length;
  const bareRead = () => reads(bareSelect);
  const ourRead = () => reads(ourPage);
  /** One reader asks now here, now there: whatever else the machine does, it does to both. */
  const byTurns = async (): Promise<{ readonly ours: number; readonly bare: number }> => {
    const took: { readonly ours: number[]; readonly bare: number[] } = { ours: [], bare: [] };
    const one = async (kind: "ours" | "bare", nth: number): Promise<void> => {
      const at = performance.now();
      await (kind === "ours" ? ourPage : bareSelect)(identity(`c${nth % CHANNELS}`));
      took[kind].push(msSince(at));
    };
    for (let nth = 0; nth < READS / 2; nth += 1)
      for (const kind of nth % 2 === 0 ? (["ours", "bare"] as const) : (["bare", "ours"] as const)) await one(kind, nth);
    return { ours: percentile(took.ours, 0.5), bare: percentile(took.bare, 0.5) };
  };
  await ourRead(); // warm
  await bareRead();
  const read = await inTurns(ourRead, bareRead);
  const paired = [await byTurns(), await byTurns(), await byTurns()];
  tell([
    {
      name: "history write, messages/s",
      unit: "/s",
      ours: written.ours,
      floor: written.floor,
      target: ">= 0.8x a bare driver loop",
      holds: (a, b) => a >= 0.8 * b,
    },
    {
      name: "last 50 of a channel, p50",
      unit: "ms",
      ours: read.ours.map(({ p50 }) => p50),
      floor: read.floor.map(({ p50 }) => p50),
      target: "<= 1.3x the bare select",
      holds: (a, b) => a <= 1.3 * b,
    },
    {
      name: "the same, one reader that asks both by turns, p50",
      unit: "ms",
      ours: paired.map((one) => one.ours),
      floor: paired.map((one) => one.bare),
      target: "<= 1.3x the bare select",
      holds: (a, b) => a <= 1.3 * b,
    },
    {
      name: "the same, processor time of the client a page",
      unit: "ms",
      ours: read.ours.map(({ cpu }) => cpu),
      floor: read.floor.map(({ cpu }) => cpu),
      target: "<= 1.3x the bare select",
      holds: (a, b) => a <= 1.3 * b,
    },
    {
      name: "the same, rate",
      unit: "/s",
      ours: read.ours.map(({ rate }) => rate),
      floor: read.floor.map(({ rate }) => rate),
      target: "told",
      holds: () => true,
    },
  ]);
  await ours.history.close();
  await bare.shutdown();
} finally {
  await node.kill().catch(() => {});
  for (const one of [folder, data]) await rm(one, { recursive: true, force: true });
}
process.exit();
