/** A real Cassandra, a MongoDB set of three and a Redis of one's own, for a mesh that uses all of them at once. */
import { join } from "node:path";
import { type CassandraNode, cassandraNode, placeNode } from "./cassandra.ts";
import { cassandraMissing } from "./java.ts";
import { type MongoSet, mongodForTests, startMongo } from "./mongodb.ts";
import { type RedisServer, redisForTests, startRedis } from "./redis.ts";
import { runFolder } from "./run-folder.ts";

export interface AllStores {
  readonly cassandra: CassandraNode;
  readonly mongo: MongoSet;
  readonly redis: RedisServer;
  /** What `atoll up` is told of them. */
  readonly arguments: readonly string[];
  stop(): Promise<void>;
}

/** Why not all of them can be started here, and what mends it; undefined when they can. */
export async function storesMissing(): Promise<string | undefined> {
  const cassandra = cassandraMissing();
  if (cassandra !== undefined) return cassandra;
  if ((await redisForTests()) === undefined) return "no redis-server (Debian: apt-get install redis-server)";
  return (await mongodForTests()) === undefined ? "no mongod (name one with ATOLL_MONGOD)" : undefined;
}

export async function startAllStores(): Promise<AllStores> {
  const cassandra = cassandraNode(await placeNode({ folder: join(runFolder(), "all-stores") }));
  const [redisServer, mongod] = [await redisForTests(), await mongodForTests()];
  if (redisServer === undefined || mongod === undefined) throw new Error((await storesMissing()) ?? "a real store is missing");
  const [, mongo, redis] = await Promise.all([cassandra.start(), startMongo(mongod, 3), startRedis(redisServer)]);
  return {
    cassandra,
    mongo,
    redis,
    arguments: ["--cassandra", `127.0.0.1:${cassandra.place.port}`, "--mongodb", mongo.uri, "--redis", redis.url],
    stop: async () => {
      await Promise.allSettled([cassandra.kill(), mongo.stop(), redis.stop()]);
    },
  };
}
