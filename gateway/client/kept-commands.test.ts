/** The outbox: what nobody has answered outlives the page or the process, and is sent once by whoever comes next. */
import { beforeEach, expect, test } from "vitest";
import type { AtollError, ConnectOptions, Outbox } from "./connect.ts";
import { connect } from "./connect.ts";
import { answers, CHANNEL, message } from "./fake-channel.test-model.ts";
import { FakeWorld, jwt, RANKED } from "./fake-world.test-model.ts";

let world: FakeWorld;
let text: string | undefined;
let saves: number;
let outbox: Outbox;
beforeEach(() => {
  world = new FakeWorld();
  text = undefined;
  saves = 0;
  outbox = {
    load: () => text,
    save: (given) => {
      saves += 1;
      text = given;
    },
  };
});
const open = (options: Partial<ConnectOptions> = {}) =>
  connect({ regions: RANKED, token: async () => jwt({ sub: "ana" }), ...world.surroundings, outbox, ...options });
/** Ids of what the outbox holds, by user. */
const kept = (): Readonly<Record<string, readonly string[]>> => {
  const { users } = JSON.parse(text ?? '{"users":{}}') as {
    readonly users: Readonly<Record<string, readonly { readonly command: { readonly id: string } }[]>>;
  };
  return Object.fromEntries(Object.entries(users).map(([user, commands]) => [user, commands.map(({ command }) => command.id)]));
};

test("T3: what a page had not heard of when it died is sent by the next one, in order, with the same ids, before what that one is given", async () => {
  const before = open();
  const us = await world.welcome("us");
  for (const body of ["one", "two", "three"]) before.send("lobby", body);
  us.answer("c1");
  await world.pass(1_000);
  expect(kept()).toEqual({ ana: ["c2", "c3"] });
  // It is gone without a word: nobody closes it.

  const after = open();
  const fourth = after.send("lobby", "four");
  const eu = await world.welcome("eu");
  await world.settle();
  expect(eu.commands()).toEqual(["c2", "c3", "c4"]);
  const restored = await after.restored;
  expect(restored.map(({ id, retried, command }) => [id, retried, "body" in command && command.body])).toEqual([
    ["c2", true, "two"],
    ["c3", true, "three"],
  ]);
  expect(after.unanswered.map(({ id }) => id)).toEqual(["c2", "c3", "c4"]);
  for (const id of ["c2", "c3", "c4"]) eu.answer(id, { body: id });
  expect(await Promise.all([...restored, fourth].map(({ answer }) => answer))).toHaveLength(3);
  await world.pass(1_000);
  expect(kept()).toEqual({});
});

test("a command is kept before anything else happens, offline too", async () => {
  const client = open();
  await world.settle();
  client.send("lobby", "one");
  expect(kept()).toEqual({ ana: ["c1"] });
});

test("what is given before it is known who the user is is kept as soon as it is", async () => {
  const client = open({ token: async () => "says nothing" });
  client.send("lobby", "one");
  await world.settle();
  expect(text).toBe(undefined);
  await world.welcome("us");
  await world.settle();
  expect(kept()).toEqual({ ana: ["c1"] });
});

test("nothing goes out before the outbox has been read", async () => {
  let read: (held: string | undefined) => void = () => {};
  const slow = { ...outbox, load: () => new Promise<string | undefined>((resolve) => (read = resolve)) };
  const client = open({ outbox: slow });
  client.send("lobby", "new");
  const us = await world.welcome("us");
  await world.settle();
  expect(us.commands()).toEqual([]);
  const command = { id: "c0", kind: "message.send", channel: "lobby", body: "old" };
  read(JSON.stringify({ version: 1, users: { ana: [{ askedMs: world.nowMs, command }] } }));
  await world.settle();
  expect(us.commands()).toEqual(["c0", "c1"]);
});

test("what another user has left is not sent, and waits for them", async () => {
  const ana = open();
  await world.settle();
  ana.send("lobby", "mine");
  const ben = open({ token: async () => jwt({ sub: "ben" }) });
  ben.send("lobby", "his");
  const us = await world.welcome("us", { user: "ben" });
  await world.settle();
  expect(us.commands()).toEqual(["c2"]);
  expect(await ben.restored).toEqual([]);
  expect(kept()).toEqual({ ana: ["c1"], ben: ["c2"] });
  world.nowMs += 31 * 24 * 3_600_000;
  open({ token: async () => jwt({ sub: "ben" }) }).send("lobby", "much later");
  await world.settle();
  expect(Object.keys(kept())).toEqual(["ben"]); // no region knows ana's any more
});

test("what waited for too long is not sent any more: it may have happened, and its author is told", async () => {
  open({ patienceMs: 60_000 }).send("lobby", "one");
  await world.settle();
  world.nowMs += 61_000;
  const client = open({ patienceMs: 60_000 });
  const us = await world.welcome("us");
  const [one] = await client.restored;
  expect([us.commands(), one?.state]).toMatchObject([[], { is: "unknown", why: { code: "unknown" } }]);
  await world.pass(1_000);
  expect(kept()).toEqual({});
});

test("a client that is closed leaves what nobody has answered to the next", async () => {
  const client = open();
  const us = await world.welcome("us");
  await world.settle();
  const [one, two] = ["one", "two"].map((body) => client.send("lobby", body));
  us.answer("c1");
  client.close();
  expect([one?.state.is, two?.state.is]).toEqual(["accepted", "unknown"]);
  await world.settle();
  expect(kept()).toEqual({ ana: ["c2"] });
});

test("many commands at once are few savings, each of them all there is", async () => {
  let done: () => void = () => {};
  const slow: Outbox = {
    load: () => text,
    save: (given) => {
      saves += 1;
      text = given;
      return new Promise((resolve) => (done = resolve));
    },
  };
  const client = open({ outbox: slow });
  await world.settle();
  for (let nth = 0; nth < 100; nth += 1) client.send("lobby", "x");
  expect([saves, kept()["ana"]?.length]).toEqual([1, 1]);
  done();
  await world.settle();
  expect([saves, kept()["ana"]?.length]).toEqual([2, 100]);
});

test("an outbox that fails is told of, and stops nobody; what it held and cannot be read is not written over", async () => {
  const errors: AtollError[] = [];
  const full: Outbox = {
    load: () => null,
    save: () => {
      throw new Error("the disk is full");
    },
  };
  const unreadable: Outbox = { load: () => Promise.reject(new Error("no")), save: (given) => outbox.save(given) };
  for (const broken of [full, unreadable, { ...outbox, load: () => "not what we wrote" }]) {
    const client = open({ outbox: broken });
    client.on("error", (error) => errors.push(error));
    const asked = client.send("lobby", "x");
    const us = await world.welcome("us");
    await world.settle();
    us.answer(asked.id);
    expect(asked.state.is).toBe("accepted");
    client.close();
    expect(errors.at(-1)?.code).toBe("not-kept");
    errors.length = 0;
    if (broken === unreadable) expect(text).toBe(undefined);
  }
});

test("a view shows what an earlier page had sent and nobody has answered, before what this one sends, and as one message when it is accepted", async () => {
  world.answer = answers(
    () => [message(1)],
    () => 1,
  );
  open().send(CHANNEL, "one");
  await world.pass(1);
  const client = open();
  client.send(CHANNEL, "two");
  const view = client.channel(CHANNEL);
  await world.pass(10);
  expect(view.messages.map(({ body, state }) => [body, state])).toEqual([
    ["text 1", "received"],
    ["one", "pending"],
    ["two", "pending"],
  ]);
  const us = await world.welcome("us");
  await world.settle();
  us.answer("c1", message(2, { body: "one", author: "ana" }));
  expect(view.messages.map(({ body, state }) => [body, state])).toEqual([
    ["text 1", "received"],
    ["one", "accepted"],
    ["two", "pending"],
  ]);
});
