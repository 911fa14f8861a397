/**
 * A routing table and a presence list, lost and there again: memberships read from Redis (as connections follow channels), from a snapshot and from
 * MongoDB; a gateway's users announced anew. Floors: the bare read of a Redis set a channel, bare bulk HSETs, a bare MongoDB cursor.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { MongoClient } from "mongodb";
import { decodeRoutes, encodeRoutes } from "../core/route-snapshot.ts";
import { type RouteTable, RouteTableBuilder } from "../core/route-table.ts";
import { openRouteSource } from "../reconciliation/route-source.ts";
import { openLmdbStore } from "../regions/embedded/lmdb-store.ts";
import { openMongo } from "../regions/mongodb/connection.ts";
import { openMongoDirectory } from "../regions/mongodb/directory.ts";
import { openRealTimers } from "../regions/real-timers.ts";
import { openRedis } from "../regions/redis/connection.ts";
import { GatewayEntries } from "../regions/redis/gateway-entries.ts";
import { openRedisRegistry } from "../regions/redis/registry.ts";
import { registryKeys, seenText } from "../regions/redis/registry-rows.ts";
import { mongodForTests, startMongo } from "../test/servers/mongodb.ts";
import { redisForTests, startRedis } from "../test/servers/redis.ts";
import { until } from "../test/servers/server.ts";
import { head, inTurns, msSince, sizeOf, tell } from "./measure.ts";

const MEMBERSHIPS = sizeOf(1_000_000, 100_000);
const EACH = 10;
const USERS = MEMBERSHIPS / EACH;
const CHANNELS = USERS;
const user = (u: number): string => `user-${u}`;
/** As long as identities are. */
const channel = (c: number): string => String(c % CHANNELS).padStart(26, "c");
const followed = (u: number): readonly string[] => Array.from({ length: EACH }, (_, n) => channel(u * 7 + n * 7_919));

const program = await redisForTests();
if (program === undefined) process.exit(1);
const redis = await startRedis(program);
const timers = openRealTimers();
const link = openRedis({ url: redis.url, region: "us", timers, nowMs: Date.now });
await until("redis can be used", () => link.usable());
const still = { ...timers, every: () => ({ cancel: () => {} }) }; // no beat while a figure is taken
const registry = openRedisRegistry({ link, gateway: "g1", timers: still, nowMs: Date.now });
const bare = new Redis(redis.url);
const expires = setInterval(() => void bare.keys("atoll:*").then((keys) => Promise.all(keys.map((key) => bare.persist(key)))), 2_000);

for (let u = 0; u < USERS; u += 1)
  registry.put({ connection: randomUUID(), user: user(u), status: "online", sinceMs: 1, channels: followed(u) });
await registry.written();

async function fillSets(): Promise<void> {
  const sets = new Map<string, string[]>();
  for (let u = 0; u < USERS; u += 1) for (const of of followed(u)) (sets.get(of) ?? sets.set(of, []).get(of)!).push(user(u));
  let pipeline = bare.pipeline();
  for (const [of, users] of sets) {
    pipeline.sadd(`set:${of}`, ...users);
    if (pipeline.length >= 1_000) {
      await pipeline.exec();
      pipeline = bare.pipeline();
    }
  }
  await pipeline.exec();
}
await fillSets();

/** The replies are dropped as they come. */
async function bareSets(): Promise<number> {
  const startedMs = performance.now();
  for (let c = 0; c < CHANNELS; c += 1_000) {
    const pipeline = bare.pipeline();
    for (let i = c; i < Math.min(CHANNELS, c + 1_000); i += 1) pipeline.smembers(`set:${channel(i)}`);
    await pipeline.exec();
  }
  return msSince(startedMs);
}
async function bareHash(): Promise<number> {
  const [key = ""] = await bare.keys("atoll:us:sessions:*");
  const startedMs = performance.now();
  for (let at = "0"; ; ) {
    [at] = await bare.hscan(key, at, "COUNT", 1_000);
    if (at === "0") return msSince(startedMs);
  }
}
let table: RouteTable | undefined;
async function fromRedis(): Promise<number> {
  const startedMs = performance.now();
  const builder = new RouteTableBuilder();
  for await (const { sessions } of registry.read()) for (const one of sessions) for (const of of one.channels) builder.add(one.user, of);
  table = builder.build();
  return msSince(startedMs);
}

head(`routing table: ${MEMBERSHIPS} memberships, ${USERS} users, ${CHANNELS} channels`, { redis: link.health().detail });
const cold = await inTurns(fromRedis, bareSets);
const sameLayout = await inTurns(fromRedis, bareHash);
if (table?.entries !== MEMBERSHIPS) throw new Error(`the table has ${table?.entries} entries`);
const bytes = encodeRoutes(table, { change: 1, is: "x" });
const warm = await inTurns(async () => {
  const startedMs = performance.now();
  const read = decodeRoutes(bytes)?.table;
  if (read?.channelsOf(user(1)).length !== EACH) throw new Error("the snapshot is not whole");
  return msSince(startedMs);
}, bareSets);

const keys = registryKeys("bench:");
const entries = new GatewayEntries(link, keys, "g1", Date.now);
for (let u = 0; u < USERS; u += 1) entries.put({ connection: `c${u}`, user: user(u), status: "online", sinceMs: 1, channels: [] });
/** The same rows in the same two hashes, in commands of a thousand fields, one pipeline. */
async function bareAnnounce(hashes: number): Promise<number> {
  const startedMs = performance.now();
  const pipeline = bare.pipeline();
  for (let hash = 0; hash < hashes; hash += 1)
    for (let u = 0; u < USERS; u += 1_000) {
      const fields: string[] = [];
      for (let i = u; i < Math.min(USERS, u + 1_000); i += 1)
        fields.push(
          hash === 0 ? user(i) : `c${i}`,
          hash === 0 ? seenText([{ connection: "", user: "", status: "online", sinceMs: 1, channels: [] }]) : `${user(i)} online 1`,
        );
      pipeline.hset(`bare:${hash}`, ...fields);
    }
  await pipeline.exec();
  const took = msSince(startedMs);
  await bare.del("bare:0", "bare:1");
  return took;
}
const announce = async (): Promise<number> => {
  const startedMs = performance.now();
  entries.doubt();
  await entries.announce();
  return msSince(startedMs);
};
const announced = await inTurns(announce, () => bareAnnounce(2));
const announcedTwice = await inTurns(announce, () => bareAnnounce(1));

tell([
  {
    name: "cold from Redis, against a set a channel (B7)",
    unit: "ms",
    ours: cold.ours,
    floor: cold.floor,
    target: "<= 1.2x",
    holds: (a, b) => a / b <= 1.2,
  },
  {
    name: "cold from Redis, against the same hash read and dropped",
    unit: "ms",
    ours: sameLayout.ours,
    floor: sameLayout.floor,
    target: "told",
    holds: () => true,
  },
  {
    name: `from a snapshot of ${(bytes.length / 1e6).toFixed(1)} MB, against a set a channel`,
    unit: "ms",
    ours: warm.ours,
    floor: warm.floor,
    target: "<= 0.1x",
    holds: (a, b) => a / b <= 0.1,
  },
  {
    name: `${USERS} users announced anew (sessions and users), against bulk HSETs of the same two hashes`,
    unit: "ms",
    ours: announced.ours,
    floor: announced.floor,
    target: "<= 1.5x",
    holds: (a, b) => a / b <= 1.5,
  },
  {
    name: "the same, against one bulk HSET of the users alone",
    unit: "ms",
    ours: announcedTwice.ours,
    floor: announcedTwice.floor,
    target: "told",
    holds: () => true,
  },
]);
clearInterval(expires);
await registry.close();
await link.close();
bare.disconnect();
await redis.stop();

const mongod = await mongodForTests();
if (mongod !== undefined) {
  const few = Math.min(MEMBERSHIPS, 100_000);
  const mongo = await startMongo(mongod);
  const client = await new MongoClient(mongo.uri).connect();
  const memberships = client.db("bench").collection("memberships");
  const directory = openMongoDirectory(openMongo({ uri: mongo.uri, database: "bench" }));
  await directory.write({
    users: [],
    people: [],
    channels: [],
    memberships: [{ channel: "x", user: "x", role: null, word: { newest: "", events: 1, revision: 1 } }],
    aliases: [],
    webhooks: [],
  });
  for (let u = 0; u < few / EACH; u += 1_000)
    await memberships.insertMany(
      Array.from({ length: Math.min(1_000, few / EACH - u) }, (_, i) =>
        followed(u + i).map((of) => ({ _id: `${of}|${user(u + i)}` as never, word: "", channel: of, user: user(u + i), role: "member" })),
      ).flat(),
    );
  const fromMongo = await inTurns(
    async () => {
      const startedMs = performance.now();
      const builder = new RouteTableBuilder();
      for await (const page of directory.memberships()) for (const one of page) builder.add(one.user, one.channel);
      if (builder.build().entries !== few) throw new Error("not all memberships came");
      return msSince(startedMs);
    },
    async () => {
      const startedMs = performance.now();
      const cursor = memberships
        .find({ user: { $gte: "" }, role: { $gt: "" } }, { batchSize: 5_000 })
        .sort({ user: 1, channel: 1 })
        .project({ _id: 0, user: 1, channel: 1, role: 1 });
      for await (const _ of cursor);
      return msSince(startedMs);
    },
  );
  const folder = mkdtempSync(join(tmpdir(), "atoll-bench-routes-"));
  const store = await openLmdbStore({ directory: folder });
  for (let u = 0; u < few / EACH; u += 1_000)
    await store.commit(
      Array.from({ length: Math.min(1_000, few / EACH - u) }, (_, i) =>
        followed(u + i).map((of) => ({ table: "memberships" as const, key: `${user(u + i)}|${of}`, value: "" })),
      ).flat(),
    );
  const source = openRouteSource(store, store);
  const fromDisk = await inTurns(
    async () => {
      const startedMs = performance.now();
      const builder = new RouteTableBuilder();
      for (let after: string | null = ""; after !== null; ) {
        const page: ReturnType<typeof source.memberships> = source.memberships(after, 5_000);
        for (const one of page.items) builder.add(one.user, one.channel);
        after = page.next;
      }
      if (builder.build().entries !== few) throw new Error("not all memberships came");
      return msSince(startedMs);
    },
    async () => {
      const startedMs = performance.now();
      const builder = new RouteTableBuilder();
      for await (const page of directory.memberships()) for (const one of page) builder.add(one.user, one.channel);
      builder.build();
      return msSince(startedMs);
    },
  );
  await store.close();
  rmSync(folder, { recursive: true });
  head(`the same from MongoDB: ${few} memberships`);
  tell([
    {
      name: "cold from MongoDB, against a bare cursor over the index",
      unit: "ms",
      ours: fromMongo.ours,
      floor: fromMongo.floor,
      target: "told",
      holds: () => true,
    },
    {
      name: "cold from the region's own disk, against MongoDB",
      unit: "ms",
      ours: fromDisk.ours,
      floor: fromDisk.floor,
      target: "told",
      holds: () => true,
    },
  ]);
  await directory.close();
  await client.close();
  await mongo.stop();
}
process.exit(0);
