/** Stories of a gateway's users while the region's Redis lives and fails. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestGateway, Socket } from "../../gateway/gateway.test-model.ts";
import { DEFAULT_LIMITS } from "../../gateway/parts.ts";
import { allowanceOf } from "../../gateway/rates.ts";
import { type RedisServer, redisForTests, startRedis } from "../../test/servers/redis.ts";
import { until } from "../../test/servers/server.ts";
import { openRealTimers } from "../real-timers.ts";
import { openRedis } from "./connection.ts";
import { openRedisRates } from "./rates.ts";
import { openRedisRegistry } from "./registry.ts";

const program = await redisForTests();
const timers = openRealTimers();

describe.runIf(program !== undefined)("a gateway with Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis(program!);
  });
  afterAll(() => server.stop());

  async function open(region: string, gateway: string) {
    const link = openRedis({ url: server.url, region, timers, nowMs: Date.now });
    await until("redis can be used", () => link.usable());
    const registry = openRedisRegistry({ link, gateway, timers, nowMs: Date.now });
    const rates = openRedisRates(link, allowanceOf(DEFAULT_LIMITS));
    const opened = await openTestGateway({ registry, rates });
    const close = async (): Promise<void> => {
      await opened.gateway.close();
      await registry.close();
      await link.close();
    };
    const sessions = async () => {
      await registry.written();
      const all = [];
      for await (const page of registry.read()) all.push(...page.sessions);
      return all;
    };
    return { ...opened, link, registry, sessions, close };
  }

  test("D10: who connects, follows, goes away and leaves can be read by others", async () => {
    const { region, url, sessions, close } = await open("board", "g1");
    const channel = region.channel("room", { ana: "owner" });
    const ana = await Socket.of(url, "ana", { channels: [region.shown(channel)] });
    expect(await sessions()).toMatchObject([{ user: "ana", status: "online", channels: [channel] }]);
    ana.say({ type: "presence", status: "away" });
    await ana.ask({ type: "unsubscribe", channel: region.shown(channel) });
    expect(await sessions()).toMatchObject([{ user: "ana", status: "away", channels: [] }]);
    await ana.end();
    await until("nobody is left", async () => (await sessions()).length === 0);
    await close();
  });

  test("M6: while Redis stands still, commands and delivery go on as if it did not exist", async () => {
    const { region, url, link, sessions, close } = await open("stalled", "g1");
    const channel = region.shown(region.channel("room", { ana: "owner", ben: "member" }));
    const [ana, ben] = [await Socket.of(url, "ana", { channels: [channel] }), await Socket.of(url, "ben", { channels: [channel] })];
    server.pause();
    let worstMs = 0;
    for (let i = 0; i < 200 || link.health().state === "ok"; i += 1) {
      const startMs = performance.now();
      await ana.ask({ type: "command", command: { id: `k${i}`, kind: "message.send", channel, body: String(i) } });
      worstMs = Math.max(worstMs, performance.now() - startMs);
      await new Promise((later) => setImmediate(later));
    }
    expect(worstMs).toBeLessThan(2_500); // every question to Redis is given up after three seconds
    const eve = await Socket.of(url, "eve"); // a new connection does not wait either
    const sent = ana.ofType("reply").length;
    await until("ben has all", () => ben.events().length === sent);
    await eve.drained();
    server.resume();
    await until("redis is back", () => link.usable());
    expect((await sessions()).map(({ user }) => user).sort()).toEqual(["ana", "ben", "eve"]);
    await close();
  });
});
