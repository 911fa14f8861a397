import { expect, test } from "vitest";
import type { WireEvent } from "../core/objects.ts";
import { openTestGateway, Socket, until } from "./gateway.test-model.ts";
import { SharedFrames } from "./shared-frames.ts";

test("M6: an event's JSON is made once, however many connections it goes to", async () => {
  const { gateway, region, url } = await openTestGateway({ limits: { connectionsPerUser: 200 } });
  const channel = region.channel("room", { ana: "owner" });
  const sockets = await Promise.all(Array.from({ length: 50 }, () => Socket.of(url, "ana", { channels: [region.shown(channel)] })));
  await Promise.all(sockets.map((socket) => socket.drained()));
  let made = 0;
  const data = {
    body: "hello",
    toJSON() {
      made += 1;
      return { body: "hello" };
    },
  };
  region.apply(channel, { kind: "message.sent", actor: "ana", data });
  await Promise.all(sockets.map((socket) => socket.frame("event")));
  expect(made).toBe(1);
  await gateway.close();
});

test("connections at one cursor share one frame; another cursor is another frame of the same JSON", () => {
  const frames = new SharedFrames({ kind: "message.sent" } as WireEvent);
  expect(frames.at("a")).toBe(frames.at("a"));
  expect(frames.at("a")).not.toBe(frames.at("b"));
  expect(frames.built).toBe(2);
});

test("D8: who does not read is closed with 4002 and can resume; the others notice nothing", async () => {
  const limits = { slowBytes: 200_000, slowMs: 300, connectionsPerUser: 200 };
  const { gateway, region, url, parts } = await openTestGateway({ limits });
  const channel = region.channel("room", { ana: "owner" });
  const hello = { channels: [region.shown(channel)] };
  const reader = await Socket.of(url, "ana", hello);
  const stuck = await Promise.all(Array.from({ length: 20 }, () => Socket.of(url, "ana", hello)));
  await Promise.all([reader, ...stuck].map((socket) => socket.drained()));
  for (const { raw } of stuck) raw.pause();
  let sent = 0;
  const more = () => {
    for (let i = 0; i < 40; i += 1)
      region.apply(channel, { kind: "message.sent", actor: "ana", data: { body: "x".repeat(8_000), n: sent++ } });
  };
  await until(
    () => {
      if (sent < 4_000 && reader.events().length === sent) more();
      return gateway.connections() === 1;
    },
    "slow connections are gone",
    50_000,
  );
  expect((await parts.metrics.registry.getSingleMetricAsString("atoll_slow_consumers_total")).split(" ").at(-1)).toBe("20");
  await until(() => reader.events().length === sent, "the reader has everything");
  const [one] = stuck;
  one?.raw.resume();
  await until(() => one?.closed !== undefined, "its end");
  const cursor = one?.frames.findLast((frame) => typeof frame["cursor"] === "string")?.["cursor"];
  const had = one?.events().length ?? 0;
  const back = await Socket.of(url, "ana", { ...hello, cursor });
  await back.frame("caught-up");
  await back.drained();
  expect(had + back.events().length).toBe(sent);
  await gateway.close();
});
