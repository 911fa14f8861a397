/** Commands on their way: order, retries, answers, and what becomes of those that nobody answers. */
import { beforeEach, expect, test } from "vitest";
import { formatStamp } from "../../core/stamp.ts";
import type { Asked, ConnectOptions } from "./connect.ts";
import { connect } from "./connect.ts";
import { FakeWorld, RANKED } from "./fake-world.test-model.ts";

let world: FakeWorld;
beforeEach(() => {
  world = new FakeWorld();
});
const open = (options: Partial<ConnectOptions> = {}) =>
  connect({ regions: RANKED, token: async () => "t", ...world.surroundings, ...options });
const states = (...asked: readonly Asked[]): readonly string[] => asked.map(({ state }) => state.is);
const version = (region = "us", afterMs = 0): string => formatStamp(world.nowMs + afterMs, 0, region);

test("L5: commands go out in their author's order without waiting for each other, and wait for a line", async () => {
  const client = open();
  const asked = ["one", "two", "three"].map((body) => client.send("lobby", body));
  const us = await world.welcome("us");
  expect(us.commands()).toEqual(["c1", "c2", "c3"]);
  expect(us.ofType("command")[0]?.command).toEqual({ id: "c1", kind: "message.send", channel: "lobby", body: "one" });
  us.answer("c1", { id: "msg", version: version() });
  expect(await asked[0]?.answer).toMatchObject({ id: "msg" });
  expect(states(...asked)).toEqual(["accepted", "pending", "pending"]);
});

test("T3: what breaks off without an answer goes out again with the same ids, in order, in another region, before what came later", async () => {
  const client = open();
  const us = await world.welcome("us");
  const asked = ["one", "two"].map((body) => client.send("lobby", body));
  us.answer("c1", {});
  us.end(1006);
  asked.push(client.send("lobby", "three"));
  await world.pass(500);
  world.last.end(1006); // us does not answer any more
  await world.pass(500);
  const eu = await world.welcome("eu");
  expect(eu.commands()).toEqual(["c2", "c3"]);
  eu.answer("c2", { version: version("us") });
  eu.answer("c3", { version: version("eu") });
  expect(asked.map(({ state }) => state)).toMatchObject([
    { is: "accepted", region: "us" },
    { is: "accepted", region: "us" },
    { is: "accepted", region: "eu" },
  ]);
  expect(asked.map(({ retried }) => retried)).toEqual([false, true, false]);
});

test("a command that the region cannot take now holds all others until it is taken", async () => {
  const client = open();
  const us = await world.welcome("us");
  client.send("lobby", "one");
  client.send("lobby", "two");
  us.refuse("c1", "too-many-requests", true, 1_000);
  client.send("lobby", "three");
  us.answer("c2");
  await world.pass(999);
  expect(us.commands()).toEqual(["c1", "c2"]);
  await world.pass(1);
  expect(us.commands()).toEqual(["c1", "c2", "c1", "c3"]);
});

test("with one in flight nothing overtakes a command, whatever the region says", async () => {
  const client = open({ inFlight: 1 });
  const us = await world.welcome("us");
  client.send("lobby", "one");
  client.send("lobby", "two");
  us.refuse("c1", "unavailable", true);
  await world.pass(1_000);
  expect(us.commands()).toEqual(["c1", "c1"]);
  us.answer("c1");
  expect(us.commands()).toEqual(["c1", "c1", "c2"]);
});

test("a region that takes nothing, and one that answers nothing, is left for the next", async () => {
  const client = open();
  const us = await world.welcome("us");
  const asked = client.send("lobby", "one");
  for (let round = 0; round < 3; round += 1) {
    us.refuse("c1", "unavailable", true);
    await world.pass(1_000);
  }
  expect(us.left).toBe(true);
  const eu = await world.welcome("eu");
  await world.pass(11_000);
  expect([eu.left, eu.commands()]).toEqual([true, ["c1"]]);
  const ap = await world.welcome("ap");
  ap.answer("c1");
  expect(states(asked)).toEqual(["accepted"]);
});

test("a region that takes nothing for a moment is asked again, however much was out: the round counts, not its commands", async () => {
  const client = open();
  const us = await world.welcome("us");
  const asked = ["one", "two", "three", "four"].map((body) => client.send("lobby", body));
  for (const { id } of asked) us.refuse(id, "unavailable", true);
  await world.pass(1_000);
  expect([us.left, us.commands().slice(4)]).toEqual([false, ["c1", "c2", "c3", "c4"]]);
  for (const { id } of asked) us.answer(id);
  expect(states(...asked)).toEqual(["accepted", "accepted", "accepted", "accepted"]);
});

test("a region that answers nothing is left also while its author goes on asking", async () => {
  const client = open();
  const us = await world.welcome("us");
  for (let nth = 0; nth < 4; nth += 1) {
    client.send("lobby", "still there?");
    await world.pass(3_000);
  }
  expect(us.left).toBe(true);
});

test("one that asks to be slower is not left for it", async () => {
  const client = open();
  const us = await world.welcome("us");
  client.send("lobby", "one");
  for (let round = 0; round < 8; round += 1) {
    us.refuse("c1", "too-many-requests", true);
    await world.pass(5_000);
  }
  expect(us.left).toBe(false);
});

test("a refusal is final, and carries the region's code", async () => {
  const client = open();
  const told: string[] = [];
  client.on("command", ({ id, state }) => told.push(`${id} ${state.is}`));
  const us = await world.welcome("us");
  const asked = client.edit("lobby", "msg", "new");
  us.refuse("c1", "gone");
  await expect(asked.answer).rejects.toMatchObject({ code: "gone" });
  await expect(asked.replicated).rejects.toMatchObject({ code: "gone" });
  expect([asked.state.is, ...told]).toEqual(["refused", "c1 refused"]);
});

test("accepted becomes replicated when the region's own events up to it are everywhere, and not before", async () => {
  const client = open();
  const us = await world.welcome("us");
  const asked = client.send("lobby", "one");
  us.answer("c1", { channel: "chn", version: version("us", 10) });
  const watermark = (ms: number | null) =>
    us.say({
      type: "watermark",
      channel: "chn",
      complete: {},
      replicatedTo: ms === null ? null : new Date(world.nowMs + ms).toISOString(),
    });
  watermark(null);
  watermark(9);
  expect(states(asked)).toEqual(["accepted"]);
  watermark(10);
  expect(asked.state).toEqual({ is: "replicated", region: "us" });
  await asked.replicated;
});

test("after a move the region that accepted is asked until it says so: another region's watermark tells nothing of it", async () => {
  const client = open();
  const us = await world.welcome("us");
  const asked = client.send("lobby", "one");
  us.answer("c1", { channel: "chn", version: version() });
  client.move("eu");
  const eu = await world.welcome("eu");
  eu.say({ type: "watermark", channel: "chn", complete: {}, replicatedTo: new Date(world.nowMs + 60_000).toISOString() });
  await world.pass(10_000);
  expect([...states(asked), world.calls[0]?.url]).toEqual(["accepted", "http://us.test/v1/channels/chn/sync"]);
  world.answer = (_, url) =>
    url.includes("us.test") ? [200, { channel: "chn", complete: {}, replicatedTo: new Date(world.nowMs).toISOString() }] : undefined;
  await world.pass(31_000);
  expect(states(asked)).toEqual(["replicated"]);
  const { length } = world.calls;
  await world.pass(120_000);
  expect(world.calls.length).toBe(length);
});

test("a reaction, whose answer names no version, is replicated by the stamp of its event", async () => {
  const client = open();
  const us = await world.welcome("us");
  const asked = client.react("lobby", "msg", "👍");
  us.say({
    type: "event",
    cursor: "1",
    event: {
      position: "us.1.1.0",
      stamp: version("us", 5),
      kind: "reaction.set",
      channel: "chn",
      actor: "ana",
      command: "c1",
      at: "",
      data: {},
    },
  });
  us.answer("c1", { message: "msg", user: "ana", emoji: "👍", set: true });
  us.say({ type: "watermark", channel: "chn", complete: {}, replicatedTo: new Date(world.nowMs + 5).toISOString() });
  expect(states(asked)).toEqual(["replicated"]);
});

test("the queue is bounded, and says so; what is too long for a frame is refused here", async () => {
  const client = open({ queue: 2 });
  const asked = ["one", "two", "three"].map((body) => client.send("lobby", body));
  expect(states(...asked)).toEqual(["pending", "pending", "not-sent"]);
  await expect(asked[2]?.answer).rejects.toMatchObject({ code: "queue-full" });
  const long = open().send("lobby", "é".repeat(40_000));
  await expect(long.answer).rejects.toMatchObject({ code: "too-large" });
});

test("T3: no answer is not a no: what was sent ends as unknown, what never left as not-sent", async () => {
  const client = open({ patienceMs: 60_000 });
  const us = await world.welcome("us");
  const asked = [client.send("lobby", "one")];
  us.end(1006);
  asked.push(client.send("lobby", "two"));
  await world.pass(61_000);
  expect(states(...asked)).toEqual(["unknown", "not-sent"]);
  await expect(asked[0]?.answer).rejects.toMatchObject({ code: "unknown" });
  expect(client.waiting).toBe(0);
  client.command({ kind: "message.send", channel: "lobby", body: "one" }, { id: "c1" });
  const last = client.send("lobby", "four");
  client.close();
  expect(states(last)).toEqual(["not-sent"]);
});

test("reading and restoring ask the region of the line first, then the others, with one key", async () => {
  const client = open();
  await world.welcome("us");
  world.answer = (_, url) =>
    url.startsWith("http://us")
      ? [503, { code: "unavailable", detail: "no" }]
      : url.startsWith("http://eu")
        ? [200, { id: "msg" }]
        : undefined;
  expect(await client.restore("cfl_1", "stamp")).toEqual({ id: "msg" });
  expect(world.calls).toMatchObject([
    { method: "POST", url: "http://us.test/v1/conflicts/cfl_1/restore", body: { version: "stamp" } },
    { method: "POST", url: "http://eu.test/v1/conflicts/cfl_1/restore" },
  ]);
  world.answer = () => [404, { code: "not-found", detail: "no" }];
  await expect(client.read("/v1/channels/x")).rejects.toMatchObject({ code: "not-found" });
  world.answer = () => undefined;
  await expect(client.seen("cfl_1")).rejects.toMatchObject({ code: "unknown" });
  await expect(client.read("/v1/sync")).rejects.toMatchObject({ code: "unreachable" });
});
