/** What a view asks for by itself, because it was told while nobody could hear it: who is there, and the record of a conflict. */
import { beforeEach, expect, test } from "vitest";
import type { ChannelView } from "./connect.ts";
import { connect } from "./connect.ts";
import { answers, CHANNEL, event, idOf, made, message, stampAt, timeAt } from "./fake-channel.test-model.ts";
import type { FakeSocket } from "./fake-world.test-model.ts";
import { FakeWorld, RANKED } from "./fake-world.test-model.ts";

let world: FakeWorld;
let view: ChannelView;
let us: FakeSocket;
beforeEach(async () => {
  world = new FakeWorld();
  world.answer = answers(
    () => [message(1)],
    () => world.calls.length,
  );
  view = connect({ regions: RANKED, token: async () => "t", ...world.surroundings }).channel(CHANNEL);
  us = await world.welcome("us");
  await world.settle();
  for (const { id } of us.ofType("subscribe")) us.say({ type: "reply", id, ok: true, result: { channel: CHANNEL } });
  await view.ready;
});
const hear = (...events: readonly object[]): void => us.say({ type: "events", cursor: `after ${made()}`, items: events });

test("S6: whose record was told to others, as they moved between the two versions, is asked for; one that is told is not", async () => {
  const conflict = {
    id: "cfl_1",
    register: { kind: "message.body", channel: CHANNEL, message: idOf(1) },
    rule: "lww",
    reason: "stamp",
    versions: [30, 31].map((second) => ({ stamp: stampAt(second) })),
    winner: stampAt(31),
    losers: [stampAt(30)],
    state: "open",
  };
  const asked = () => world.calls.filter(({ url }) => url.includes("/v1/conflicts?"));
  const doors = world.answer;
  world.answer = (method, url) => (url.includes("/v1/conflicts?") ? undefined : doors(method, url));
  hear(event("message.edited", 30, { message: idOf(1), body: "mine", replaces: [stampAt(1)] }, { actor: "ana" }));
  hear(event("message.edited", 31, { message: idOf(1), body: "theirs", replaces: [stampAt(1)] }));
  await world.pass(1_000);
  expect([asked().length, view.messages[0]?.conflict]).toEqual([0, null]);
  await world.pass(2_000); // nobody answers
  expect(asked().map(({ url }) => new URL(url).searchParams.get("message"))).toEqual([idOf(1), idOf(1), idOf(1)]);
  world.answer = (method, url) => (url.includes("/v1/conflicts?") ? [200, { items: [conflict], next: null }] : doors(method, url));
  us.say({ type: "caught-up", channel: CHANNEL, cursor: "now" });
  await world.pass(3_000);
  expect(view.messages[0]?.conflict).toEqual({ id: "cfl_1", state: "open" });
  us.say({ type: "caught-up", channel: CHANNEL, cursor: "now" });
  hear(event("message.edited", 32, { message: idOf(1), body: "on", replaces: [stampAt(30), stampAt(31)] }));
  await world.pass(3_000);
  expect(asked().length).toBe(4);
});

test("P4: who is there is read when the channel is followed again; a reading that fails makes nobody leave, and what is heard meanwhile is newer", async () => {
  const statuses = () => view.presence.map(({ user, status }) => `${user} ${status}`);
  const doors = world.answer;
  let there: readonly [number, unknown] | undefined;
  let reads = 0;
  world.answer = (method, url) => {
    if (!url.includes("/v1/presence")) return doors(method, url);
    reads += 1;
    return there;
  };
  us.end(1006);
  await world.pass(1_000);
  us = await world.welcome("us");
  us.say({ type: "caught-up", channel: CHANNEL, cursor: "now" });
  await world.pass(100);
  expect([reads > 0, statuses()]).toEqual([true, ["eve online"]]);
  const online = { status: "online", since: timeAt(0), regions: ["eu"] };
  there = [200, { items: [{ user: "ana", ...online }] }];
  await world.pass(2_000);
  expect(statuses()).toEqual(["ana online"]);
  us.say({ type: "caught-up", channel: CHANNEL, cursor: "now" });
  us.say({ type: "presence", items: [{ user: "eve", ...online }] });
  await world.pass(100);
  expect(statuses()).toEqual(["ana online", "eve online"]);
});
