/** A channel as a person sees it, over sockets and calls whose other side is the test. */
import { beforeEach, expect, test } from "vitest";
import type { Message } from "../../core/objects.ts";
import type { ChannelView, Client } from "./connect.ts";
import { connect } from "./connect.ts";
import { answers, CHANNEL, event, idOf, made, message, stampAt, timeAt } from "./fake-channel.test-model.ts";
import type { FakeSocket } from "./fake-world.test-model.ts";
import { FakeWorld, RANKED } from "./fake-world.test-model.ts";

let world: FakeWorld;
let client: Client;
let view: ChannelView;
let us: FakeSocket;
let changes: number;
let history: Message[];

beforeEach(async () => {
  world = new FakeWorld();
  history = [message(1), message(2)];
  world.answer = answers(
    () => history,
    () => world.calls.length,
  );
  client = connect({ regions: RANKED, token: async () => "t", ...world.surroundings });
  view = client.channel("lobby", { page: 2 });
  us = await world.welcome("us");
  await world.settle();
  followed(us);
  await view.ready;
  await world.settle();
  changes = 0;
  view.on("change", () => (changes += 1));
});
function followed(socket: FakeSocket): void {
  for (const { id } of socket.ofType("subscribe").slice(-1)) socket.say({ type: "reply", id, ok: true, result: { channel: CHANNEL } });
}

const hear = (...events: readonly object[]): void => us.say({ type: "events", cursor: `after ${made()}`, items: events });
const bodies = () => view.messages.map(({ body }) => body);
const states = () => view.messages.map(({ state }) => state);

test("a view reads the history, follows from the cursor of that reading, and knows who is there", () => {
  expect(us.ofType("subscribe")).toMatchObject([{ channel: CHANNEL, cursor: "read 1" }]);
  expect(view.messages).toMatchObject([{ body: "text 1", author: "eve", state: "received" }, { body: "text 2" }]);
  expect(view.channel).toMatchObject({ id: CHANNEL, name: "Lobby" });
  expect(view.members).toEqual([
    { user: "ana", role: "owner" },
    { user: "eve", role: "member" },
  ]);
  expect(view.presence).toMatchObject([{ user: "eve", status: "online" }]);
  expect(view.watermark?.complete).toEqual({ us: timeAt(9) });
  expect(client.channel(CHANNEL)).toBe(view);
});

test("what is heard is told once a turn, whatever its order, and repeats change nothing", async () => {
  const sent = event("message.sent", 10, { message: idOf(10), body: "new", thread: null });
  const edited = event("message.edited", 11, { message: idOf(10), body: "newer", replaces: [stampAt(10)] });
  hear(edited);
  expect(bodies()).toEqual(["text 1", "text 2"]);
  hear(
    sent,
    event("message.deleted", 12, { message: idOf(1), replaces: [stampAt(1)] }),
    event("reaction.set", 13, { message: idOf(2), emoji: "👍" }),
  );
  await world.settle();
  expect(bodies()).toEqual([null, "text 2", "newer"]);
  expect(view.messages[1]?.reactions).toEqual({ "👍": ["eve"] });
  expect(changes).toBe(1);
  const before = view.messages;
  hear(sent, edited);
  expect(view.messages).toEqual(before);
  hear(event("reaction.cleared", 14, { message: idOf(2), emoji: "👍" }));
  expect(view.messages[1]?.reactions).toEqual({});
});

test.each(["the answer", "the event"])(
  "an own message is shown at once, and becomes the accepted one without a flicker when %s comes first",
  async (first) => {
    const asked = client.send("lobby", "mine");
    const lists: string[] = [];
    const note = () => lists.push(view.messages.map(({ body, state, key }) => `${body} ${state} ${key === asked.id}`).join());
    note();
    view.on("change", note);
    await world.settle();
    const answer = () => us.answer(asked.id, message(20, { author: "ana", body: "mine" }));
    const told = () =>
      hear(event("message.sent", 20, { message: idOf(20), body: "mine", thread: null }, { actor: "ana", command: asked.id }));
    for (const come of first === "the answer" ? [answer, told] : [told, answer]) {
      come();
      await world.settle();
    }
    expect(new Set(lists)).toEqual(
      new Set([
        "text 1 received false,text 2 received false,mine pending true",
        "text 1 received false,text 2 received false,mine accepted true",
      ]),
    );
    us.say({ type: "watermark", channel: CHANNEL, complete: {}, replicatedTo: timeAt(20) });
    expect(states()).toEqual(["received", "received", "replicated"]);
    expect(view.messages[2]).toMatchObject({ id: idOf(20), key: asked.id });
  },
);

test("own changes lie over the message until they are answered: edits and reactions stay, a refused one goes", async () => {
  client.react("lobby", idOf(1), "🎉");
  const edit = client.edit("lobby", idOf(1), "edited by me");
  expect(view.messages[0]).toMatchObject({ body: "edited by me", reactions: { "🎉": ["ana"] }, changing: [{}, {}] });
  us.answer("c1", { message: idOf(1), user: "ana", emoji: "🎉", set: true });
  us.refuse(edit.id, "forbidden");
  expect(view.messages[0]).toMatchObject({ body: "text 1", reactions: { "🎉": ["ana"] }, changing: [] });
  const deleted = client.delete("lobby", idOf(1));
  expect(view.messages[0]).toMatchObject({ body: null, deleted: true });
  us.answer(deleted.id, message(1, { body: null, deleted: true, version: stampAt(30), heads: [stampAt(30)] }));
  expect(view.messages[0]).toMatchObject({ body: null, deleted: true, changing: [], heads: [stampAt(30)] });
});

test("an own message that a region refuses stays, says why, and is taken off by hand", async () => {
  const asked = client.send("lobby", "no");
  us.refuse(asked.id, "too-large");
  expect(view.messages[2]).toMatchObject({ body: "no", state: "refused", why: { code: "too-large" } });
  view.dismiss(asked.id);
  expect(bodies()).toEqual(["text 1", "text 2"]);
});

test("S6: who lost an edit sees the marker, is told, and brings the text back; the marker goes when it is edited on", async () => {
  const told: string[] = [];
  view.on("superseded", ({ id }) => told.push(id));
  hear(event("message.edited", 30, { message: idOf(1), body: "mine", replaces: [stampAt(1)] }, { actor: "ana" }));
  hear(event("message.edited", 31, { message: idOf(1), body: "theirs", replaces: [stampAt(1)] }));
  const versions = [30, 31].map((second) => ({ stamp: stampAt(second), author: second === 30 ? "ana" : "eve" }));
  const conflict = {
    id: "cfl_1",
    register: { kind: "message.body", channel: CHANNEL, message: idOf(1) },
    rule: "lww",
    reason: "stamp",
    versions,
    winner: stampAt(31),
    losers: [stampAt(30)],
    state: "open",
  };
  us.say({ type: "conflict", conflict });
  us.say({ type: "superseded", conflict });
  expect(view.messages[0]).toMatchObject({ body: "theirs", conflict: { id: "cfl_1", state: "open" }, heads: [stampAt(30), stampAt(31)] });
  expect([told, view.losses.map(({ id }) => id)]).toEqual([["cfl_1"], ["cfl_1"]]);
  const restored = client.restore("cfl_1", stampAt(30));
  await restored;
  expect(world.calls.at(-1)).toMatchObject({ url: "http://us.test/v1/conflicts/cfl_1/restore", body: { version: stampAt(30) } });
  us.say({ type: "conflict", conflict: { ...conflict, state: "restored" } });
  hear(
    event("message.edited", 33, { message: idOf(1), body: "mine", restores: {}, replaces: [stampAt(30), stampAt(31)] }, { actor: "ana" }),
  );
  expect(view.messages[0]).toMatchObject({ body: "mine", conflict: null, heads: [stampAt(33)] });
  expect(view.losses).toEqual([]);
});

test("a merged text, and the loss of a wrong clock, are the region's word", () => {
  hear(event("message.edited", 30, { message: idOf(1), body: "a b", replaces: [stampAt(1)] }));
  hear(event("message.edited", 31, { message: idOf(1), body: "b c", replaces: [stampAt(1)] }));
  const base = {
    register: { kind: "message.body", channel: CHANNEL, message: idOf(1) },
    reason: "stamp",
    losers: [],
    state: "open",
    winner: stampAt(31),
  };
  us.say({
    type: "conflict",
    conflict: { ...base, id: "cfl_1", rule: "merge", text: "a b c", versions: [30, 31].map((second) => ({ stamp: stampAt(second) })) },
  });
  expect(bodies()[0]).toBe("a b c");
  hear(event("message.edited", 40, { message: idOf(2), body: "sane", replaces: [stampAt(2)] }));
  hear(event("message.edited", 50, { message: idOf(2), body: "an hour ahead", replaces: [stampAt(2)] }));
  expect(bodies()[1]).toBe("an hour ahead");
  us.say({
    type: "conflict",
    conflict: {
      ...base,
      id: "cfl_2",
      rule: "lww",
      register: { ...base.register, message: idOf(2) },
      versions: [{ stamp: stampAt(40) }, { stamp: stampAt(50), distrusted: true }],
    },
  });
  expect(bodies()[1]).toBe("sane");
});

test("after a gap the view says so, reads itself again, and follows from there; what was shown stays until then", async () => {
  const gaps: number[] = [];
  view.on("gap", ({ length }) => gaps.push(length));
  const pending = client.send("lobby", "mine");
  history = [message(2), message(3, { body: "missed" })];
  us.say({
    type: "gap",
    gaps: [
      { channel: CHANNEL, origin: "eu", from: "1", to: "2" },
      { channel: "chn_us_other", origin: "eu", from: "1", to: "2" },
    ],
  });
  expect([gaps, bodies()]).toEqual([[1], ["text 1", "text 2", "mine"]]);
  await world.settle();
  expect(bodies()).toEqual(["text 2", "missed", "mine"]);
  expect(us.ofType("subscribe").at(-1)).toMatchObject({ channel: CHANNEL });
  expect(us.ofType("subscribe").at(-1)?.cursor).not.toBe("read 1");
  us.answer(pending.id, message(4, { author: "ana", body: "mine" }));
  expect(states()).toEqual(["received", "received", "accepted"]);
});

test("the past comes page by page", async () => {
  history = Array.from({ length: 5 }, (_, nth) => message(nth + 1));
  const other = connect({ regions: RANKED, token: async () => "t", ...world.surroundings });
  const long = other.channel(CHANNEL, { page: 2 });
  us = await world.welcome("us");
  await world.settle();
  followed(us);
  await long.ready;
  expect([long.messages.map(({ body }) => body), long.hasOlder]).toEqual([["text 4", "text 5"], true]);
  expect(await long.older()).toBe(true);
  expect(await long.older()).toBe(false);
  expect(long.messages.map(({ body }) => body)).toEqual([1, 2, 3, 4, 5].map((nth) => `text ${nth}`));
});

test("members, presence, typing and watermark are kept while they change", async () => {
  hear(
    event("member.set", 30, { user: "ben", role: "moderator" }),
    event("member.removed", 31, { user: "eve" }),
    event("channel.changed", 32, { name: "Hall", replaces: { name: [stampAt(0)] } }),
  );
  expect([view.members.map(({ user }) => user), view.channel?.name]).toEqual([["ana", "ben"], "Hall"]);
  us.say({ type: "presence", items: [{ user: "ben", status: "unknown", since: timeAt(3), regions: ["ap"] }] });
  expect(view.presence).toMatchObject([{ user: "ben", status: "unknown" }]);
  us.say({ type: "typing", channel: CHANNEL, user: "ben", until: timeAt(9) });
  expect(view.typing).toEqual(["ben"]);
  await world.pass(5_000);
  expect(view.typing).toEqual([]);
  us.say({ type: "watermark", channel: CHANNEL, complete: { us: timeAt(40), eu: timeAt(10) }, replicatedTo: timeAt(10) });
  expect(view.watermark?.complete["eu"]).toBe(timeAt(10));
  us.say({ type: "caught-up", channel: CHANNEL, cursor: "now" });
  expect(view.isCaughtUp).toBe(true);
  us.end(1006);
  expect(view.isCaughtUp).toBe(false);
});

test("a channel that is not there is told to who opens it; a region that cannot be reached is waited for", async () => {
  world.answer = () => [404, { code: "not-found", detail: "There is no such channel." }];
  await expect(client.channel("nowhere").ready).rejects.toMatchObject({ code: "not-found" });
  world.answer = () => undefined;
  const patient = client.channel(`chn_us_${"b".repeat(26)}`);
  await world.pass(3_000);
  world.answer = answers(
    () => history,
    () => world.calls.length,
  );
  await world.pass(3_000);
  followed(us);
  await patient.ready;
  expect(patient.messages.length).toBe(2);
  patient.close();
  client.close();
  expect(us.ofType("unsubscribe").at(-1)).toMatchObject({ channel: CHANNEL });
});
