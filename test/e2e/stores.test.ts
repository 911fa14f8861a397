/** A mesh whose regions use a real Redis and a real MongoDB set: while those fail, commands and delivery go on; afterwards all is there. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DirectoryStore } from "../../core/ports/directory-store.ts";
import { withDatabase } from "../../regions/mesh/store-switches.ts";
import { openMongo } from "../../regions/mongodb/connection.ts";
import { openMongoDirectory } from "../../regions/mongodb/directory.ts";
import { openRealTimers } from "../../regions/real-timers.ts";
import { openRedis } from "../../regions/redis/connection.ts";
import { openRedisRegistry } from "../../regions/redis/registry.ts";
import { type MongoSet, mongodForTests, startMongo } from "../servers/mongodb.ts";
import { serverForTests } from "../servers/nats-tiers.ts";
import { type RedisServer, redisForTests, startRedis } from "../servers/redis.ts";
import { MeshUnderTest, until } from "./atoll.ts";
import { channelOf } from "./channel.ts";
import type { Person } from "./person.ts";
import { Socket } from "./socket.ts";

const [nats, redisServer, mongod] = [
  existsSync("/proc/self/stat") ? await serverForTests() : undefined,
  await redisForTests(),
  await mongodForTests(),
];
const MESSAGES = 900;
const RATE = 60;

describe.skipIf(nats === undefined || redisServer === undefined || mongod === undefined)("real stores", () => {
  const mesh = new MeshUnderTest();
  const timers = openRealTimers();
  let redis: RedisServer;
  let mongo: MongoSet;
  let ana: Person;
  let eve: Person;
  beforeAll(async () => {
    [redis, mongo] = await Promise.all([startRedis(redisServer!), startMongo(mongod!, 3)]);
    await redis.kill();
    for (const member of mongo.members) member.pause();
    const { code, stderr } = await mesh.up("--regions", "us,eu", "--redis", redis.url, "--mongodb", mongo.uri);
    expect(code, stderr).toBe(0);
    [ana, eve] = [await mesh.person("ana"), await mesh.person("eve")];
  });
  afterAll(async () => {
    await mesh.remove();
    await Promise.all([redis.stop(), mongo.stop()]);
  });

  const degraded = async (region: string): Promise<unknown> => (await ana.read(region, "/v1/sync"))["degraded"];
  const nothingDegraded = (): Promise<number> =>
    until("no store is degraded", async () => [await degraded("us"), await degraded("eu")].flat().length === 0, 60_000);
  /** The region's database, under whatever name the mesh has given it. */
  async function directoryOf(region: string): Promise<DirectoryStore> {
    const { databases } = await mongo.command(await mongo.primary(), { listDatabases: 1, nameOnly: true });
    const name = (databases as readonly { readonly name: string }[]).map((one) => one.name).find((one) => one.endsWith(`_${region}`));
    return openMongoDirectory(openMongo({ uri: withDatabase(mongo.uri, name ?? "none"), database: "none" }));
  }
  async function connected(region: string): Promise<readonly string[]> {
    const link = openRedis({ url: redis.url, region, timers, nowMs: Date.now });
    await until("redis can be used", () => link.usable());
    const registry = openRedisRegistry({ link, gateway: "onlooker", timers, nowMs: Date.now });
    const users: string[] = [];
    for await (const { sessions } of registry.read()) users.push(...sessions.map(({ user }) => user));
    await registry.close();
    await link.close();
    return users.sort();
  }

  let channel = "";
  test("down from the start: ready all the same, degraded said, channels made; when they come, all is there", async () => {
    for (const region of ["us", "eu"]) {
      const { ok, text } = await mesh.readiness(region);
      expect(ok).toBe(true);
      expect(text).toMatch(/\[\+\]redis degraded since .*ECONNREFUSED/);
      await until("it is said of both", async () => JSON.stringify(await degraded(region)) === '["mongodb","redis"]');
    }
    expect((await mesh.run("status")).stdout).toContain('"degraded":["mongodb","redis"]');
    channel = await channelOf(mesh, [ana, eve]);
    const socket = await Socket.open(mesh.url("eu"), { token: eve.token, channels: [channel] });
    await redis.start();
    for (const member of mongo.members) member.resume();
    await nothingDegraded();
    for (const region of ["us", "eu"]) {
      const directory = await directoryOf(region);
      const [of] = await directory.channelsOf("ana");
      expect(await directory.channel(of?.channel ?? "")).toMatchObject({ id: channel });
      expect((await directory.membersOf(of?.channel ?? "", { limit: 10 })).map(({ user }) => user)).toEqual(["ana", "eve"]);
      await directory.close();
    }
    expect(await connected("eu")).toEqual(["eve"]);
    expect(await connected("us")).toEqual([]);
    socket.close();
  });

  test("D9 D10 M6: chat goes on while Redis is flushed, stopped and restarted and MongoDB's primary is killed: 0 lost, 0 duplicated", async () => {
    const lines = Array.from({ length: MESSAGES }, (_, nth) => ({ channel: `c${nth % 5}`, user: `u${nth % 30}`, text: `line ${nth}` }));
    const file = join(mesh.data, "chat.jsonl");
    writeFileSync(file, lines.map((line) => JSON.stringify(line)).join("\n"));
    await mongo.settled();
    const playing = mesh.run("play", file, "--rate", String(RATE), "--edits", "0.05");
    const link = openRedis({ url: redis.url, region: "none", timers, nowMs: Date.now });
    await until("redis can be used", () => link.usable());
    await until("the play has its connections", async () => (await connected("us")).length > 0);
    await link.client.flushall();
    await link.close();
    const primary = await mongo.primary();
    await primary.kill();
    await until("all are announced again", async () => (await connected("us")).length > 0);
    redis.pause();
    await until("silence is said", async () => JSON.stringify(await degraded("us")).includes("redis"));
    await primary.start();
    redis.resume();
    await until("redis is back", async () => !JSON.stringify(await degraded("us")).includes("redis"));
    await redis.kill();
    await until("death is said", async () => JSON.stringify(await degraded("us")).includes("redis"));
    await redis.start();
    const { code, stdout, stderr } = await playing;
    const report = JSON.parse(stdout) as { readonly local: { readonly p50Ms: number; readonly p99Ms: number } };
    console.log(`local ${JSON.stringify(report.local)}`);
    expect(report, stderr).toMatchObject({ sent: MESSAGES, lost: 0, duplicated: 0, outOfOrder: 0, converged: true });
    expect(code).toBe(0);
    await nothingDegraded();
    const [us, eu] = [await directoryOf("us"), await directoryOf("eu")];
    for (const directory of [us, eu])
      for (let user = 0; user < 30; user += 1) expect((await directory.channelsOf(`u${user}`)).length, `u${user}`).toBeGreaterThan(0);
    const all = async (directory: DirectoryStore) => {
      const found: unknown[] = [];
      for await (const page of directory.memberships()) found.push(...page);
      return found;
    };
    expect(await all(us)).toEqual(await all(eu));
    expect(await mesh.metric("us", "atoll_store_seconds_count", 'store="mongodb"', 'operation="write"')).toBeGreaterThan(0);
    expect(await mesh.metric("us", "atoll_store_seconds_count", 'store="redis"', 'operation="registry-beat"')).toBeGreaterThan(0);
    await Promise.all([us.close(), eu.close()]);
  }, 180_000);

  test("D11 M5: killed and without its snapshot, a region has its routing table from MongoDB when it is ready, and delivers", async () => {
    // A machine that is very busy may let MongoDB's answer come too late, and then the region's own disk is read.
    const routes = async (): Promise<string> => {
      expect((await mesh.run("kill", "us")).code).toBe(0);
      rmSync(join(mesh.data, "us", "state", "routes.snapshot"), { force: true });
      expect((await mesh.run("start", "us")).code).toBe(0);
      await until("us is ready", () => mesh.ready("us"), 60_000);
      return (await mesh.readiness("us")).text;
    };
    let text = await routes();
    for (let starts = 1; starts < 3 && text.includes("read from the store"); starts += 1) text = await routes();
    expect(text).toMatch(/\[\+\]routes \d+ memberships, read from the directory store and \d+ changes/);
    const socket = await Socket.open(mesh.url("us"), { token: ana.token, channels: [channel] });
    const path = `/v1/channels/${channel}/messages`;
    await eve.write("eu", { method: "POST", path, key: "again", body: { body: "are you there again?" } });
    await until("ana has it", () => JSON.stringify(socket.events()).includes("are you there again?"), 30_000);
    socket.close();
  });

  test("doctor says which servers answer, and what is missing", async () => {
    const { stdout } = await mesh.run("doctor", "--redis", redis.url, "--mongodb", mongo.uri);
    const { checks } = JSON.parse(stdout) as {
      readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly found: string }[];
    };
    expect(checks).toContainEqual(
      expect.objectContaining({ name: "redis", ok: true, found: expect.stringMatching(/^\d+\.\d+\.\d+ \(master\)/) }),
    );
    expect(checks).toContainEqual(
      expect.objectContaining({ name: "mongodb", ok: true, found: expect.stringMatching(/^6\.0\.5, replica set rs0 of 3/) }),
    );
    const gone = await mesh.run("doctor", "--redis", "redis://127.0.0.1:1", "--mongodb", "mongodb://root:hidden@127.0.0.1:1/");
    expect(gone.code).toBe(1);
    expect(gone.stdout).toMatch(/127.0.0.1:1 does not answer/);
    expect(gone.stdout).not.toContain("hidden");
  });
});
