/** A real Cassandra, a MongoDB set of three and a Redis of one's own, for a mesh that uses all of them at once. */
import { join } from "node:path";
import { type CassandraNode, cassandraNode, placeNode } from "./cassandra.ts";
import { cassandraMissing } from "./java.ts";
import { type MongoSet, mongodForTests, startMongo } from "./mongodb.ts";
import { type RedisServer, redisForTests, startRedis } from "./redis.ts";
import { runFolder } from "./run-folder.ts";
import { type SlowProxy, slowProxy } from "./slow-proxy.ts";

export interface AllStores {
  readonly cassandra: CassandraNode;
  readonly mongo: MongoSet;
  readonly redis: RedisServer;
  /** In front of Cassandra and Redis; MongoDB is slowed down by its own fail points, as its members name each other. */
  readonly slow: { readonly cassandra: SlowProxy; readonly redis: SlowProxy };
  readonly addresses: { readonly cassandra: string; readonly mongodb: string; readonly redis: string };
  stop(): Promise<void>;
}

/** Why not all of them can be started here, and what mends it; undefined when they can. */
export async function storesMissing(): Promise<string | undefined> {
  const cassandra = cassandraMissing();
  if (cassandra !== undefined) return cassandra;
  if ((await redisForTests()) === undefined) return "no redis-server (Debian: apt-get install redis-server)";
  return (await mongodForTests()) === undefined ? "no mongod (name one with ATOLL_MONGOD)" : undefined;
}

export interface StoreFolders {
  /** Where Cassandra's node, or MongoDB's members, keep everything; for example on small disks. */
  readonly cassandra?: string;
  readonly mongodb?: (member: number) => string | undefined;
}

export async function startAllStores(folders: StoreFolders = {}): Promise<AllStores> {
  const cassandra = cassandraNode(await placeNode({ folder: folders.cassandra ?? join(runFolder(), "all-stores") }), { lossySchema: true });
  const [redisServer, mongod] = [await redisForTests(), await mongodForTests()];
  if (redisServer === undefined || mongod === undefined) throw new Error((await storesMissing()) ?? "a real store is missing");
  const [, mongo, redis] = await Promise.all([
    cassandra.start(),
    startMongo(mongod, 3, folders.mongodb === undefined ? {} : { folderOf: folders.mongodb }),
    startRedis(redisServer),
  ]);
  const slow = { cassandra: await slowProxy(cassandra.place), redis: await slowProxy({ address: "127.0.0.1", port: redis.port }) };
  return {
    cassandra,
    mongo,
    redis,
    slow,
    addresses: {
      cassandra: `127.0.0.1:${slow.cassandra.port}`,
      mongodb: mongo.uri,
      redis: `redis://127.0.0.1:${slow.redis.port}`,
    },
    stop: async () => {
      await Promise.allSettled([cassandra.kill(), mongo.stop(), redis.stop(), slow.cassandra.close(), slow.redis.close()]);
    },
  };
}

/** What `atoll up` is told of them. */
export const upArguments = ({ addresses: { cassandra, mongodb, redis } }: AllStores): readonly string[] => [
  "--cassandra",
  cassandra,
  "--mongodb",
  mongodb,
  "--redis",
  redis,
];
