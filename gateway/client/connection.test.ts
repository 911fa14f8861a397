/** The line and its ends, over sockets whose other side is the test. */
import { beforeEach, expect, test } from "vitest";
import { CLOSE } from "../close-codes.ts";
import type { AtollError, ConnectOptions } from "./connect.ts";
import { connect } from "./connect.ts";
import { FakeWorld, jwt, RANKED } from "./fake-world.test-model.ts";

let world: FakeWorld;
let errors: AtollError[];
let tokens: number;
beforeEach(() => {
  world = new FakeWorld();
  errors = [];
  tokens = 0;
});
const open = (options: Partial<ConnectOptions> = {}) => {
  const token = async (): Promise<string> => `token ${++tokens}`;
  const client = connect({ url: "http://us.test", token, ...world.surroundings, ...options });
  client.on("error", (error) => errors.push(error));
  return client;
};

test("hello carries a token, the cursor, the channels that it speaks for, and the greatest stamp known", async () => {
  const client = open({ cursor: "before" });
  const followed = client.follow("lobby");
  const us = await world.welcome("us");
  expect(us.said[0]).toEqual({ type: "hello", protocol: 1, token: "token 1", cursor: "before", channels: [], client: "atoll client" });
  expect(us.ofType("subscribe")).toMatchObject([{ channel: "lobby", cursor: "before" }]);
  us.say({ type: "reply", id: us.ofType("subscribe")[0]?.id, ok: true, result: { channel: `chn_us_${"a".repeat(26)}` } });
  us.say({ type: "event", cursor: "later", event: event({ stamp: "0199c3a4e2b1-0003-us" }) });
  await followed;
  us.end(1006);
  await world.pass(1_000);
  const back = await world.welcome("us");
  expect(back.said[0]).toMatchObject({ cursor: "later", channels: [`chn_us_${"a".repeat(26)}`], seen: "0199c3a4e2b1-0003-us" });
  expect(back.ofType("subscribe")).toEqual([]);
  expect(client.cursor).toBe("later");
});

const event = (more: object) => ({
  ...{
    position: "us.1.1.0",
    stamp: "0199c3a4e2b1-0001-us",
    kind: "message.sent",
    channel: `chn_us_${"a".repeat(26)}`,
    actor: "eve",
    command: "e1",
    at: "",
    data: {},
  },
  ...more,
});

test("a channel that no cursor speaks for yet is subscribed again from its own", async () => {
  const client = open();
  const us = await world.welcome("us");
  void client.follow("lobby", "of the history").catch(() => {});
  us.say({ type: "event", cursor: "of others", event: event({ channel: null }) });
  us.end(1006);
  await world.pass(1_000);
  const back = await world.welcome("us");
  expect(back.said[0]).toMatchObject({ cursor: "of others", channels: [] });
  expect(back.ofType("subscribe")).toMatchObject([{ channel: "lobby", cursor: "of the history" }]);
});

test("a channel that this region refuses is asked for again, and one that was refused at first is not followed", async () => {
  const client = open();
  const us = await world.welcome("us");
  const refused = client.follow("nowhere");
  const [asked] = us.ofType("subscribe");
  us.say({ type: "reply", id: asked?.id, ok: false, error: { code: "not-found", message: "no", retryable: false } });
  await expect(refused).rejects.toMatchObject({ code: "not-found" });
  const followed = client.follow("lobby");
  us.say({ type: "reply", id: us.ofType("subscribe")[1]?.id, ok: true, result: { channel: `chn_us_${"a".repeat(26)}` } });
  await followed;
  us.say({ type: "event", cursor: "one", event: event({}) });
  us.end(1006);
  await world.pass(1_000);
  const eu = await world.welcome("eu");
  eu.say({ type: "error", channel: `chn_us_${"a".repeat(26)}`, code: "not-found", message: "no", retryable: false });
  eu.say({ type: "event", cursor: "two", event: event({ channel: null, command: "e2" }) });
  await world.pass(5_000);
  expect(eu.ofType("subscribe")).toMatchObject([{ channel: `chn_us_${"a".repeat(26)}`, cursor: "one" }]);
});

test.each([
  ["4000 restart", CLOSE.restart.code, "us"],
  ["4001 drain", CLOSE.drain.code, "eu"],
  ["4002 slow", CLOSE.slow.code, "us"],
  ["4003 unhealthy", CLOSE.unhealthy.code, "eu"],
  ["1006 nothing said", 1006, "us"],
])("after %s the client comes back, after what the region asks for", async (_, code, where) => {
  const client = open();
  const us = await world.welcome("us");
  await world.pass(6_000);
  if (code === 1006) us.end(code);
  else us.goodbye(code, 700, RANKED);
  expect(client.state).toMatchObject({ is: "waiting", forMs: code === 1006 ? 125 : 700 });
  await world.pass(699);
  expect(world.places().length).toBe(code === 1006 ? 2 : 1);
  await world.pass(1);
  expect(world.places()).toEqual(["us", where]);
  expect(errors).toEqual([]);
});

test("a region that stood still, and says that it had no hello, is left for the next", async () => {
  const client = connect({ regions: RANKED, token: async () => "t", ...world.surroundings });
  await world.settle();
  world.last.open();
  world.last.goodbye(CLOSE.helloMissing.code);
  await world.pass(1_000);
  expect([client.state.is, ...world.places()]).toEqual(["connecting", "us", "eu"]);
});

const STAYS_AWAY = Object.values(CLOSE).filter(({ code }) => code >= 4400 && code !== CLOSE.token.code && code !== CLOSE.helloMissing.code);
test.each(STAYS_AWAY)("after $code the client stays away, and says why", async ({ code }) => {
  const client = open();
  (await world.welcome("us")).goodbye(code);
  await world.pass(60_000);
  expect(world.places()).toEqual(["us"]);
  expect(client.state).toMatchObject({ is: "closed", why: { code: "refused-here", closeCode: code } });
  expect(errors).toMatchObject([{ closeCode: code }]);
  expect(errors[0]?.message).toContain(`because ${code}`);
  expect(() => client.send("lobby", "x")).toThrow("for good");
});

test("after 4401 a fresh token is tried once; a second refusal is the end", async () => {
  const client = open();
  (await world.welcome("us")).goodbye(4401);
  await world.pass(1_000);
  const again = await world.welcome("us");
  expect(again.ofType("hello")).toMatchObject([{ token: "token 2" }]);
  again.goodbye(4401);
  await world.pass(1_000);
  world.last.open();
  world.last.goodbye(4401);
  await world.pass(60_000);
  expect(world.sockets.length).toBe(3);
  expect(client.state).toMatchObject({ is: "closed", why: { closeCode: 4401 } });
});

test("regions that do not answer are tried in the order the mesh names, and pauses grow from round to round, with full jitter", async () => {
  const client = open();
  const us = await world.welcome("us");
  await world.pass(6_000);
  us.end(1006);
  const pauses: number[] = [];
  client.on("state", (state) => state.is === "waiting" && pauses.push(state.forMs));
  for (let i = 0; i < 8; i += 1) {
    await world.pass(1_000);
    world.last.end(1006);
  }
  expect(world.places().slice(0, 7)).toEqual(["us", "us", "eu", "ap", "us", "eu", "ap"]);
  expect(pauses).toEqual([125, 125, 250, 250, 250, 500, 500, 500]);
  world.chance = 0;
  await world.pass(1_000);
  world.last.end(1006);
  expect(pauses.at(-1)).toBe(0);
});

test("a region that says no welcome, and one that falls silent, is left", async () => {
  open({ regions: ["http://us.test", "http://eu.test"], url: "" });
  await world.pass(10_000);
  await world.pass(200);
  expect(world.places()).toEqual(["us", "eu"]);
  const eu = await world.welcome("eu");
  eu.isMute = true;
  await world.pass(15_000);
  expect(eu.ofType("ping").length).toBe(1);
  eu.say({ type: "pong", at: "" });
  await world.pass(29_000);
  expect(eu.left).toBe(false);
  await world.pass(2_000);
  expect(eu.left).toBe(true);
  expect(world.sockets.length).toBe(3);
});

test("a token is renewed on the line before it ends, and asked for again when none can be had", async () => {
  let fails = false;
  const token = async (): Promise<string> => {
    if (fails) throw new Error("the identity provider is away");
    return jwt({ sub: "ana", exp: world.nowMs / 1_000 + 600 });
  };
  open({ token });
  const us = await world.welcome("us");
  await world.pass(539_000);
  expect(us.ofType("token")).toEqual([]);
  fails = true;
  await world.pass(2_000);
  expect(errors).toMatchObject([{ code: "token" }]);
  fails = false;
  await world.pass(5_000);
  expect(us.ofType("token").length).toBe(1);
  us.say({ type: "reply", id: us.ofType("token")[0]?.id, ok: true, result: {} });
  await world.pass(540_000);
  expect(us.ofType("token").length).toBe(2);
  expect(world.sockets.length).toBe(1);
});

test("by hand: a client begins in the region it names, and moves to another with its cursor", async () => {
  const client = open({ regions: RANKED, region: "ap" });
  const ap = await world.welcome("ap");
  expect(world.places()).toEqual(["ap"]);
  ap.say({ type: "event", cursor: "seen in ap", event: event({}) });
  client.move("eu");
  const eu = await world.welcome("eu");
  expect(eu.ofType("hello")).toMatchObject([{ cursor: "seen in ap" }]);
  expect([ap.left, client.region]).toEqual([true, "eu"]);
  expect(() => client.move("mars")).toThrow("No region is known");
});

test("what one command did is told once, also where two regions had taken it", async () => {
  const client = open();
  const told: string[] = [];
  client.on("event", ({ position }) => told.push(position));
  const us = await world.welcome("us");
  us.say({ type: "event", cursor: "1", event: event({}) });
  us.say({
    type: "events",
    cursor: "2",
    items: [event({}), event({ position: "eu.1.9.0" }), event({ command: "e2", position: "us.1.2.0" })],
  });
  us.say({ type: "event", cursor: "3", event: event({ kind: "member.set", command: "e2", position: "us.1.2.1", data: { user: "a" } }) });
  expect(told).toEqual(["us.1.1.0", "us.1.2.0", "us.1.2.1"]);
});

test("a closed client says nothing more, and those who wait are told", async () => {
  const client = open();
  const online = client.online();
  const followed = client.follow("lobby");
  client.close();
  await expect(online).rejects.toMatchObject({ code: "closed" });
  await expect(followed).rejects.toMatchObject({ code: "closed" });
  await world.pass(60_000);
  expect(world.sockets.length).toBe(0);
});

test.each([
  [{ url: "us.test" }, "no address"],
  [{ regions: [], url: undefined }, "no region"],
  [{ inFlight: 0 }, "inFlight"],
  [{ inFlight: 65 }, "from 1 to 64"],
  [{ region: "mars" }, "No region is known"],
  [{ token: "text" }, "not a function"],
])("options that cannot work are refused at once: %j", (options, words) => {
  expect(() => open(options as unknown as Partial<ConnectOptions>)).toThrow(words);
});

test("without a WebSocket it says where to get one", () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
  Reflect.deleteProperty(globalThis, "WebSocket");
  const { WebSocket: _, ...others } = world.surroundings;
  expect(() => connect({ url: "http://us.test", token: async () => "t", ...others })).toThrow("npm install ws");
  if (own !== undefined) Object.defineProperty(globalThis, "WebSocket", own);
});
