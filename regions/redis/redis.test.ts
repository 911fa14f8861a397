/** The contract suites on a real Redis, and what Redis alone can do wrong. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectionRegistryContract, sessionsIn } from "../../core/ports/connection-registry.contract.ts";
import { REGISTRY, type Session } from "../../core/ports/connection-registry.ts";
import { regionRatesContract } from "../../core/ports/region-rates.contract.ts";
import { sharedPagesContract } from "../../core/ports/shared-pages.contract.ts";
import { type RedisServer, redisForTests, startRedis } from "../../test/servers/redis.ts";
import { until } from "../../test/servers/server.ts";
import { openRealTimers } from "../real-timers.ts";
import { openRedis, type RedisLink } from "./connection.ts";
import { formerUsers } from "./former-users.ts";
import { openRedisRates } from "./rates.ts";
import { openRedisRegistry, type RedisRegistry } from "./registry.ts";
import { openRedisPages } from "./shared-pages.ts";

const program = await redisForTests();
const timers = openRealTimers();
const links: RedisLink[] = [];

async function linkTo(server: RedisServer, region: string): Promise<RedisLink> {
  const link = openRedis({ url: server.url, region, timers, nowMs: Date.now });
  links.push(link);
  await until("redis can be used", () => link.usable());
  return link;
}
const session = (connection: string, user: string, channels: readonly string[] = []): Session => ({
  connection,
  user,
  status: "online",
  sinceMs: 1_000,
  channels,
});

describe.runIf(program !== undefined)("a real Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis(program!);
  });
  afterAll(async () => {
    await Promise.all(links.map((link) => link.close()));
    await server.stop();
  });

  connectionRegistryContract("redis", async (region, gateway) =>
    openRedisRegistry({ link: await linkTo(server, region), gateway, timers, nowMs: Date.now }),
  );
  sharedPagesContract("redis", async (region) => {
    const link = await linkTo(server, region);
    return { pages: openRedisPages(link, timers), written: async () => void (await link.client.ping()) };
  });
  regionRatesContract("redis", async (region, allowance) => openRedisRates(await linkTo(server, region), allowance));

  async function gatewayWith(region: string, people: number): Promise<{ readonly link: RedisLink; readonly registry: RedisRegistry }> {
    const link = await linkTo(server, region);
    const registry = openRedisRegistry({ link, gateway: "g1", timers, nowMs: Date.now });
    for (let i = 0; i < people; i += 1) registry.put(session(`c${i}`, `u${i}`, ["x"]));
    await registry.written();
    return { link, registry };
  }

  test("every key is under the region's prefix and has an expiry", async () => {
    const { link, registry } = await gatewayWith("only", 10);
    const rates = openRedisRates(link, { windowMs: 2_000, points: { command: 1, read: 1 } });
    await rates.spend("command", "ana", 1);
    await rates.spend("read", "ana", 1);
    openRedisPages(link, timers).put("a page", "x");
    const mine = (await link.client.keys("*only*")) as readonly string[];
    expect(mine.filter((key) => !key.startsWith("atoll:only:"))).toEqual([]);
    expect(mine).toHaveLength(6);
    for (const key of mine) {
      const ttl = await link.client.pttl(key);
      expect(ttl, key).toBeGreaterThan(0);
      expect(ttl, key).toBeLessThanOrEqual(60_000);
    }
    await registry.close();
  });

  test("D10: after FLUSHALL everybody is announced again within a heartbeat, also when somebody came in between", async () => {
    const { link, registry } = await gatewayWith("flushed", 2_000);
    await link.client.flushall();
    registry.put(session("late", "eve"));
    const tookMs = await until("all are there again", async () => (await sessionsIn(registry))["g1"]?.length === 2_001);
    expect(tookMs).toBeLessThan(REGISTRY.beatMs + 2_000); // its beat, and time to write them on a busy machine
    expect((await registry.who(["u1999", "eve"])).size).toBe(2);
    expect(registry.announcements()).toBe(2);
    await registry.close();
  });

  test("one field that was lost is noticed by the next beat", async () => {
    const { link, registry } = await gatewayWith("holed", 100);
    const [key = ""] = (await link.client.keys("atoll:holed:sessions:*")) as readonly string[];
    await link.client.hdel(key, "c7");
    await until("it is there again", async () => (await sessionsIn(registry))["g1"]?.length === 100, REGISTRY.beatMs * 3);
    await registry.close();
  });

  test("D11: entries that somebody has changed are found by the beats, written again and counted", async () => {
    let wrong = 0;
    const link = await linkTo(server, "changed");
    const mismatched = (entries: number): void => void (wrong += entries);
    const registry = openRedisRegistry({ link, gateway: "g1", timers, nowMs: Date.now, mismatched });
    for (let i = 0; i < 300; i += 1) registry.put(session(`c${i}`, `u${i}`, ["x"]));
    await registry.written();
    const [sessions = ""] = (await link.client.keys("atoll:changed:sessions:*")) as readonly string[];
    const [users = ""] = (await link.client.keys("atoll:changed:users:*")) as readonly string[];
    await link.client.hset(sessions, "c7", "mallory online 1 x");
    await link.client.hset(users, "u299", "away 1");
    const ofC7 = async (): Promise<string | undefined> =>
      (await sessionsIn(registry))["g1"]?.find(({ connection }) => connection === "c7")?.user;
    await until(
      "both are as they were",
      async () => (await ofC7()) === "u7" && (await registry.who(["u299"])).get("u299")?.status === "online",
    );
    expect([wrong, registry.announcements()]).toEqual([2, 1]);
    await link.client.hdel(sessions, "c9"); // one that is missing has everything announced again
    await until("it is announced", () => registry.announcements() === 2);
    expect(wrong).toBe(3);
    await registry.close();
  });

  test("P4: a gateway that starts again finds who was there in its former life", async () => {
    const link = await linkTo(server, "former");
    const still = { ...timers, every: () => ({ cancel: () => {} }) };
    const before = openRedisRegistry({ link, gateway: "g1", timers: still, nowMs: Date.now });
    for (const user of ["ana", "ben", "ana"]) before.put(session(`c-${user}`, user));
    await before.written(); // and then it is killed
    const after = openRedisRegistry({ link: await linkTo(server, "former"), gateway: "g2", timers, nowMs: Date.now });
    after.put(session("c2", "eve"));
    await after.written();
    expect([...(await formerUsers(after, "g2"))].sort()).toEqual(["ana", "ben"]);
    await after.close();
  });

  test("a gateway that dies leaves nothing: its entries end with its life", async () => {
    const link = await linkTo(server, "dying");
    const reader = openRedisRegistry({ link: await linkTo(server, "dying"), gateway: "g2", timers, nowMs: Date.now });
    const still = { ...timers, every: () => ({ cancel: () => {} }) }; // beats no more
    const dead = openRedisRegistry({ link, gateway: "g1", timers: still, nowMs: Date.now });
    dead.put(session("c1", "ana"));
    await dead.written();
    expect((await sessionsIn(reader))["g1"]).toHaveLength(1);
    const [key = ""] = (await link.client.keys("atoll:dying:sessions:*")) as readonly string[];
    await link.client.pexpire(key, 50); // ten seconds are long
    await until("its sessions have ended", async () => (await sessionsIn(reader))["g1"] === undefined);
    await reader.close();
  });
});

describe.runIf(program !== undefined)("a Redis that fails", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis(program!);
  });
  afterAll(async () => {
    server.resume();
    await server.stop();
  });

  test("restarted empty: degraded while it is away, all there again within a heartbeat of its return", async () => {
    const link = await linkTo(server, "restarted");
    const registry = openRedisRegistry({ link, gateway: "g1", timers, nowMs: Date.now });
    registry.put(session("c1", "ana"));
    await registry.written();
    await server.kill();
    await until("it is said", () => link.health().state === "degraded");
    registry.put(session("c2", "ben"));
    registry.remove("c1");
    await expect(registry.written()).rejects.toThrow();
    await server.start();
    await until("the link is back", () => link.usable());
    const tookMs = await until("ben is there", async () => (await registry.who(["ana", "ben"])).has("ben"));
    expect(tookMs).toBeLessThan(REGISTRY.beatMs + 2_000); // its beat, and time to write them on a busy machine
    expect(Object.values(await sessionsIn(registry)).flat()).toEqual([session("c2", "ben")]);
    await registry.close();
    await link.close();
  });

  test("silent: said within seconds, nothing is asked of it meanwhile, and what it had in its buffers harms nothing afterwards", async () => {
    const link = await linkTo(server, "silent");
    const registry = openRedisRegistry({ link, gateway: "g1", timers, nowMs: Date.now });
    const rates = openRedisRates(link, { windowMs: 2_000, points: { command: 10, read: 10 } });
    registry.put(session("c1", "ana"));
    registry.put(session("c2", "ben"));
    await registry.written();
    server.pause();
    registry.remove("c1"); // on its way when the server stands still
    await until("it is said", () => link.health().state === "degraded", 8_000);
    const startMs = performance.now();
    expect(await rates.spend("command", "ana", 10)).toBe(0);
    expect(await rates.spend("command", "ana", 1)).toBeGreaterThan(0);
    expect(await openRedisPages(link, timers).get("a page")).toBeUndefined();
    expect(performance.now() - startMs).toBeLessThan(100);
    registry.put(session("c3", "eve"));
    server.resume();
    await until("it is back", () => link.usable());
    await registry.written();
    expect((await sessionsIn(registry))["g1"]?.map(({ user }) => user)).toEqual(["ben", "eve"]);
    await registry.close();
    await link.close();
  });

  test("down from the start: degraded, and filled when it comes", async () => {
    await server.kill();
    const link = openRedis({ url: server.url, region: "later", timers, nowMs: Date.now });
    const registry = openRedisRegistry({ link, gateway: "g1", timers, nowMs: Date.now });
    registry.put(session("c1", "ana"));
    await until("the reason is known", () => link.health().detail.includes("ECONNREFUSED"));
    expect(link.health().state).toBe("degraded");
    await server.start();
    await until("ana is there", async () => link.usable() && (await registry.who(["ana"])).has("ana"));
    expect(link.health()).toMatchObject({ state: "ok", detail: expect.stringMatching(/^redis \d+\./) });
    await registry.close();
    await link.close();
  });
});
