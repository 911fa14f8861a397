import { beforeEach, expect, test } from "vitest";
import { Refusal } from "../core/errors.ts";
import type { Conflict } from "../core/objects.ts";
import { encodeCursor, plainCursor } from "./cursor.ts";
import { type OpenedRoom, openTestGateway, openTestRoom, Socket, tokenOf, until } from "./gateway.test-model.ts";

let opened: OpenedRoom;
beforeEach(async () => {
  opened = await openTestRoom();
  return opened.close;
});
const send = (body: string) => opened.region.apply(opened.channel, { kind: "message.sent", actor: "ana", data: { body } });

test("hello, subscribe, command: the reply and the event come by one socket", async () => {
  const ana = await Socket.of(opened.url, "ana");
  const [welcome] = ana.ofType("welcome");
  expect(welcome).toMatchObject({ region: "us", user: "ana", protocol: 1, sync: { state: "live" }, regions: [{ name: "us" }] });
  expect(await ana.ask({ type: "subscribe", channel: opened.shown })).toMatchObject({ ok: true, result: { channel: opened.shown } });
  const reply = await ana.ask({ type: "command", command: { id: "k1", kind: "message.send", channel: opened.shown, body: "hello" } });
  expect(reply).toMatchObject({ ok: true, result: { body: "hello" } });
  expect(await ana.frame("event")).toMatchObject({ event: { kind: "message.sent", command: "k1" } });
  const types = ana.frames.map(({ type }) => type);
  expect(types.indexOf("reply")).toBeLessThan(types.indexOf("caught-up"));
});

test("what hello asks for at once is given at once: channels, in order, after what was missed", async () => {
  const ana = await Socket.of(opened.url, "ana", { channels: [opened.shown, "chn_us_nowhere"] });
  await ana.drained();
  expect(ana.ofType("error")).toMatchObject([{ code: "not-found", channel: "chn_us_nowhere" }]);
  send("later");
  expect(await ana.frame("event")).toMatchObject({ event: { data: { body: "later" } } });
});

test("a stranger's subscribe is answered not-found", async () => {
  const eve = await Socket.of(opened.url, "eve");
  expect(await eve.ask({ type: "subscribe", channel: opened.shown })).toMatchObject({
    ok: false,
    error: { code: "not-found", retryable: false },
  });
});

test("C11: who is removed hears of it and then nothing more", async () => {
  const ben = await Socket.of(opened.url, "ben", { channels: [opened.shown] });
  await ben.drained();
  opened.region.apply(opened.channel, { kind: "member.removed", actor: "ana", data: { user: "ben" } });
  send("not for ben");
  await ben.drained();
  expect(ben.events().map(({ kind }) => kind)).toEqual(["member.removed"]);
});

test("events that make me a member reach connections that follow nothing, and those that follow once", async () => {
  const eve = await Socket.of(opened.url, "eve");
  const ana = await Socket.of(opened.url, "ana", { channels: [opened.shown] });
  await ana.drained();
  opened.region.apply(opened.channel, { kind: "member.set", actor: "ana", data: { user: "eve", role: "member" } });
  opened.region.apply(opened.channel, { kind: "member.set", actor: "ana", data: { user: "ana", role: "owner" } });
  await Promise.all([eve.drained(), ana.drained()]);
  expect([eve.events().length, ana.events().length]).toEqual([1, 2]);
});

test("a read marker is its own user's alone", async () => {
  const [ana, ben] = [
    await Socket.of(opened.url, "ana", { channels: [opened.shown] }),
    await Socket.of(opened.url, "ben", { channels: [opened.shown] }),
  ];
  opened.region.apply(opened.channel, { kind: "read.marked", actor: "ben", data: { message: "m" } });
  await Promise.all([ana.drained(), ben.drained()]);
  expect([ana.events().length, ben.events().length]).toEqual([0, 1]);
});

const foreign = encodeCursor(plainCursor({ us: { epoch: 1, sequence: 999_999, place: 0 } }), "another");
test("L4: a cursor of another mesh is refused at every door, as it would keep what happens here from its client", async () => {
  const ana = await Socket.of(opened.url, "ana");
  ana.say({ type: "subscribe", id: 1, channel: opened.shown, cursor: foreign });
  expect(await ana.frame("reply")).toMatchObject({
    id: 1,
    ok: false,
    error: { code: "invalid", message: "This cursor is of another mesh." },
  });
  const answer = await fetch(`${opened.url}/v1/changes?cursor=${foreign}`, {
    headers: { authorization: `Bearer ${await tokenOf("ana")}` },
  });
  expect([answer.status, await answer.json()]).toMatchObject([400, { code: "invalid", detail: "This cursor is of another mesh." }]);
});

test.each([
  ["a forged token", async () => ({ type: "hello", protocol: 1, token: await tokenOf("ana", { secret: "another" }) }), 4401],
  ["a token that has ended", async () => ({ type: "hello", protocol: 1, token: await tokenOf("ana", { ttlMs: -10_000 }) }), 4401],
  ["protocol 99", async () => ({ type: "hello", protocol: 99, token: await tokenOf("ana") }), 4409],
  ["a cursor that is none", async () => ({ type: "hello", protocol: 1, token: await tokenOf("ana"), cursor: "nonsense" }), 4400],
  ["a cursor of another mesh", async () => ({ type: "hello", protocol: 1, token: await tokenOf("ana"), cursor: foreign }), 4400],
])("hello with %s says goodbye and closes", async (_what, hello, code) => {
  const socket = await Socket.bare(opened.url);
  socket.say(await hello());
  expect((await until(() => socket.closed, "close")).code).toBe(code);
  expect(socket.ofType("goodbye")).toMatchObject([{ code, reconnect: false }]);
});

test("no hello in time: 4408", async () => {
  const quick = await openTestGateway({ limits: { helloMs: 50 } });
  const socket = await Socket.bare(quick.url);
  expect((await until(() => socket.closed, "close")).code).toBe(4408);
  await quick.gateway.close();
});

test("what is said after the token's end is not heard, though nobody has looked yet", async () => {
  let aheadMs = 0;
  const later = await openTestGateway({ now: () => Date.now() + aheadMs });
  const channel = later.region.shown(later.region.channel("room", { ana: "owner" }));
  const ana = await Socket.of(later.url, "ana", { token: await tokenOf("ana", { ttlMs: 60_000 }) });
  aheadMs = 61_000;
  ana.say({ type: "command", id: "late", command: { id: "late", kind: "message.send", channel, body: "too late" } });
  expect((await until(() => ana.closed, "close")).code).toBe(4401);
  expect(ana.ofType("reply")).toEqual([]);
  await later.close();
});

test("a gateway that had stood still hears a hello that was said in time", async () => {
  const quick = await openTestGateway({ limits: { helloMs: 50 } });
  const socket = await Socket.bare(quick.url);
  socket.say({ type: "hello", protocol: 1, token: await tokenOf("ana") });
  for (const untilMs = performance.now() + 800; performance.now() < untilMs; );
  await until(() => socket.ofType("welcome").length > 0, "welcome");
  expect(socket.closed).toBe(undefined);
  await quick.gateway.close();
});

test("a token's end closes 4401, unless a fresh one of the same user came in time", async () => {
  let aheadMs = 0;
  const later = await openTestGateway({ now: () => Date.now() + aheadMs });
  const short = { token: await tokenOf("ana", { ttlMs: 60_000 }) };
  const [ends, goesOn] = [await Socket.of(later.url, "ana", short), await Socket.of(later.url, "ana", short)];
  expect(await goesOn.ask({ type: "token", token: await tokenOf("eve") })).toMatchObject({ ok: false, error: { code: "forbidden" } });
  expect(await goesOn.ask({ type: "token", token: await tokenOf("ana", { ttlMs: 600_000 }) })).toMatchObject({ ok: true });
  aheadMs = 61_000;
  expect((await until(() => ends.closed, "close")).code).toBe(4401);
  await goesOn.drained();
  await later.close();
});

test("one user has only so many connections: 4429", async () => {
  const few = await openTestGateway({ limits: { connectionsPerUser: 2 } });
  await Socket.of(few.url, "ana");
  await Socket.of(few.url, "ana");
  const third = await Socket.bare(few.url);
  third.say({ type: "hello", protocol: 1, token: await tokenOf("ana") });
  expect((await until(() => third.closed, "close")).code).toBe(4429);
  await few.gateway.close();
});

test("frames that come too fast are refused one by one, and the line stays open", async () => {
  const slow = await openTestGateway({ limits: { framesPerSecond: 5 } });
  const ana = await Socket.of(slow.url, "ana");
  for (let i = 0; i < 30; i += 1) ana.say({ type: "ping" });
  await until(() => ana.ofType("pong").length + ana.ofType("error").length === 30, "an answer to each");
  expect(ana.ofType("error")[0]).toMatchObject({ code: "too-many-requests", retryable: true });
  expect(ana.closed).toBeUndefined();
  await slow.gateway.close();
});

test("draining says goodbye with the ranked regions, and takes nobody new", async () => {
  const ana = await Socket.of(opened.url, "ana");
  await opened.gateway.drain("drain");
  expect((await until(() => ana.closed, "close")).code).toBe(4001);
  expect(ana.ofType("goodbye")).toMatchObject([{ code: 4001, reconnect: true, regions: [{ name: "us" }] }]);
  await expect(fetch(`${opened.url}/healthz`)).rejects.toThrow();
});

test("presence is announced from hello to the end, and its changes reach those who share a channel", async () => {
  const [ben, eve] = [await Socket.of(opened.url, "ben"), await Socket.of(opened.url, "eve")];
  const ana = await Socket.of(opened.url, "ana");
  ana.say({ type: "presence", status: "away" });
  await ana.drained();
  expect([...opened.boards.announced.values()]).toContainEqual({ user: "ana", status: "away" });
  const changed = [{ user: "ana", status: "away" as const, since: new Date(0).toISOString(), regions: ["us"] }];
  for (const listener of opened.boards.presenceListeners) listener(changed);
  await Promise.all([ben.drained(), eve.drained()]);
  expect([ben.ofType("presence"), eve.ofType("presence")]).toMatchObject([[{ items: changed }], []]);
  await ana.end();
  await until(() => ![...opened.boards.announced.values()].some(({ user }) => user === "ana"), "ana left");
});

test("typing is heard by the others who follow", async () => {
  const [ana, ben] = [
    await Socket.of(opened.url, "ana", { channels: [opened.shown] }),
    await Socket.of(opened.url, "ben", { channels: [opened.shown] }),
  ];
  ben.say({ type: "typing", channel: opened.shown });
  expect(await ana.frame("typing")).toMatchObject({ channel: opened.shown, user: "ben" });
  await ben.drained();
  expect(ben.ofType("typing")).toEqual([]);
});

test("conflicts go to those who follow, losses to the loser: at once, and again at the next welcome until seen", async () => {
  const conflict = {
    id: "cfl",
    register: { kind: "message.body", channel: opened.shown, message: "m1" },
    losers: ["s"],
    state: "open",
  } as unknown as Conflict;
  const ana = await Socket.of(opened.url, "ana");
  const ben = await Socket.of(opened.url, "ben", { channels: [opened.shown] });
  await ben.drained();
  const told = [{ conflict, channel: opened.channel, losers: ["ana"] }];
  opened.region.apply(opened.channel, { kind: "message.edited", actor: "ben", data: { message: "m1" } }, { conflicts: told });
  await Promise.all([ana.drained(), ben.drained()]);
  expect([ana.ofType("conflict").length, ana.ofType("superseded").length]).toEqual([0, 1]);
  expect([ben.ofType("conflict").length, ben.ofType("superseded").length]).toEqual([1, 0]);
  opened.region.lost.set("ana", [conflict]);
  const again = await Socket.of(opened.url, "ana");
  await again.drained();
  expect(again.ofType("superseded").length).toBe(1);
});

test("who has lost more than fits any queue, in years of disputes, is told all of it, and is not taken for slow", async () => {
  const text = "x".repeat(16_000);
  const lost = Array.from({ length: 600 }, (_, nth) => ({ id: `cfl_${nth}`, losers: [`${nth}`], versions: [text] }) as unknown as Conflict);
  opened.region.lost.set("ana", lost);
  const ana = await Socket.of(opened.url, "ana");
  await until(() => ana.ofType("superseded").length === lost.length || ana.closed, "all losses");
  expect(ana.closed).toBeUndefined();
  expect(ana.ofType("superseded").map(({ conflict }) => (conflict as Conflict).id)).toEqual(lost.map(({ id }) => id));
});

test("L4: a channel asked for twice is caught up with once, and told to be only when it is", async () => {
  const cursor = (await Socket.of(opened.url, "ben")).frames[0]?.["cursor"];
  for (let n = 0; n < 400; n += 1) send("x".repeat(16_000));
  const ben = await Socket.of(opened.url, "ben", { cursor });
  for (const id of ["s1", "s2"]) ben.say({ type: "subscribe", id, channel: opened.shown, cursor });
  await until(() => ben.events().length === 400 && ben.ofType("caught-up").length > 0, "everything");
  const types = ben.frames.map(({ type }) => type);
  expect(types.indexOf("caught-up")).toBeGreaterThan(Math.max(types.lastIndexOf("events"), types.lastIndexOf("event")));
});

test("L4: more conflicts than fit any queue come behind the events that touched them, before caught-up", async () => {
  const first = await Socket.of(opened.url, "ben", { channels: [opened.shown] });
  await first.drained();
  const cursor = String((await first.frame("caught-up"))["cursor"]);
  opened.region.apply(opened.channel, { kind: "message.edited", actor: "ana", data: { message: "m1" } });
  const touched = Array.from({ length: 600 }, (_, nth) => `cfl_${nth}`);
  const register = { kind: "message.body", channel: opened.channel, message: "m1" };
  for (const id of touched) opened.region.conflicts.set(id, { id, register, versions: ["x".repeat(16_000)] } as unknown as Conflict);
  const ben = await Socket.of(opened.url, "ben", { channels: [opened.shown], cursor });
  await until(() => ben.ofType("caught-up").length > 0 || ben.closed, "caught up");
  expect([ben.closed, ben.ofType("conflict").map(({ conflict }) => (conflict as Conflict).id)]).toEqual([undefined, touched]);
  const types = ben.frames.map(({ type }) => type);
  expect(types.indexOf("caught-up")).toBeGreaterThan(types.lastIndexOf("conflict"));
});

test("a change of sync state reaches everybody", async () => {
  const ana = await Socket.of(opened.url, "ana");
  for (const listener of opened.boards.syncListeners) listener({ ...opened.boards.sync, state: "cut-off" });
  expect(await ana.frame("sync")).toMatchObject({ sync: { state: "cut-off" } });
});

test("a channel with news is told its watermark", async () => {
  const ana = await Socket.of(opened.url, "ana", { channels: [opened.shown] });
  await ana.drained();
  send("news");
  expect(await ana.frame("watermark")).toMatchObject({ channel: opened.shown });
});

test("a region whose store is being filled again denies nothing: everybody is told to come back, but for what is about the mesh", async () => {
  let closed: Refusal | undefined = new Refusal("unavailable", "being filled again", { retryAfterS: 1 });
  const filling = await openTestGateway({ closed: () => closed });
  const ana = await Socket.bare(filling.url);
  const token = await tokenOf("ana");
  ana.say({ type: "hello", protocol: 1, token });
  expect((await until(() => ana.closed, "close")).code).toBe(4003);
  expect(ana.ofType("goodbye")).toMatchObject([{ code: 4003, reconnect: true, reason: "being filled again" }]);
  const ask = async (path: string): Promise<number> =>
    (await fetch(filling.url + path, { headers: { authorization: `Bearer ${token}` } })).status;
  expect([await ask("/v1/channels"), await ask("/v1/sync"), await ask("/v1/regions")]).toEqual([503, 200, 200]);
  closed = undefined;
  expect(await ask("/v1/channels")).toBe(200);
  await filling.gateway.close();
});
