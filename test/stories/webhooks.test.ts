/** Webhooks as stories: which region brings what, through cuts and crashes, and who is shown where a bot listens. */
import { expect, test } from "vitest";
import { Bots, OWNER, URL_ONE } from "./bots.ts";

test("L2: what is said in a region is brought by that region, once, also while it is cut off and after the heal", async () => {
  const bots = await Bots.open();
  await bots.hook();
  await bots.say("us", "one");
  await bots.mesh.time.pass(2_000);
  await bots.say("eu", "two", "eve");
  await bots.mesh.time.pass(2_000);
  bots.mesh.cut("eu");
  await bots.mesh.time.pass(5_000);
  const saidMs = bots.mesh.nowMs;
  await bots.say("eu", "apart", "eve");
  await bots.mesh.time.pass(1_000);
  expect(bots.got.at(-1)).toMatchObject({ region: "eu", event: { data: { body: "apart" } } });
  expect((bots.got.at(-1)?.atMs ?? 0) - saidMs).toBeLessThan(1_000);
  bots.mesh.heal();
  await bots.mesh.time.pass(60_000);
  expect(bots.got.map(({ region, event }) => [region, event.data["body"]])).toEqual([
    ["us", "one"],
    ["eu", "two"],
    ["eu", "apart"],
  ]);
  expect(new Set(bots.got.map(({ id }) => id)).size).toBe(3);
});

test("T3: one command accepted in two cut-off regions comes from both under one id", async () => {
  const bots = await Bots.open();
  await bots.hook();
  bots.mesh.cut("us");
  await bots.mesh.time.pass(5_000);
  for (const region of ["us", "eu"])
    await bots.mesh.time.settled(
      bots.mesh.at(region).acceptor.submit(OWNER, { kind: "message.send", id: "twice", channel: bots.channel, body: "twin" }),
    );
  await bots.mesh.time.pass(3_000);
  bots.mesh.heal();
  await bots.mesh.time.pass(30_000);
  expect(bots.got.map(({ region }) => region).sort()).toEqual(["eu", "us"]);
  expect(new Set(bots.got.map(({ id }) => id)).size).toBe(1);
});

test("of what was before it, of kinds it did not ask for, and of other channels, a webhook hears nothing", async () => {
  const bots = await Bots.open();
  await bots.say("us", "before");
  await bots.hook("us", URL_ONE, ["message.sent"]);
  const { id } = await bots.say("us", "after");
  await bots.mesh.do("us", "ana", { kind: "message.edit", channel: bots.channel, message: String(id), body: "edited" });
  await bots.mesh.do("us", "ana", { kind: "read.mark", channel: bots.channel, message: String(id) });
  const other = await bots.mesh.do("us", "ana", { kind: "channel.create", name: "two" });
  await bots.mesh.do("us", "ana", { kind: "message.send", channel: String(other["id"]), body: "elsewhere" });
  await bots.mesh.time.pass(3_000);
  expect(bots.texts()).toEqual(["after"]);
});

test("L2: a region killed -9 again and again brings every event, and what comes twice has the id it had", async () => {
  const bots = await Bots.open();
  const id = await bots.hook();
  bots.tookMs = 40;
  const said = Array.from({ length: 60 }, (_, n) => `text ${n}`);
  for (const [n, text] of said.entries()) {
    await bots.say("us", text);
    await bots.mesh.time.pass(30);
    if (n % 15 === 14) await bots.mesh.kill("us");
  }
  await bots.mesh.time.until(() => bots.deliveries("us", id).waiting === 0);
  await bots.mesh.time.pass(5_000);
  const ids = new Map<unknown, Set<string>>();
  for (const { event, id: one } of bots.got) ids.set(event.data["body"], (ids.get(event.data["body"]) ?? new Set()).add(one));
  expect([...ids.keys()].sort()).toEqual([...said].sort());
  expect([...ids.values()].every((one) => one.size === 1)).toBe(true);
  expect(new Set([...ids.values()].flatMap((one) => [...one])).size).toBe(said.length);
});

test("a region that is stopped in order ends what it has in hand and repeats nothing", async () => {
  const bots = await Bots.open();
  const id = await bots.hook();
  for (let n = 0; n < 20; n += 1) await bots.say("us", `text ${n}`);
  await bots.mesh.time.until(() => bots.got.length >= 5);
  await bots.mesh.restart("us");
  await bots.mesh.time.until(() => bots.deliveries("us", id).waiting === 0);
  await bots.mesh.time.pass(3_000);
  expect(bots.texts()).toEqual(Array.from({ length: 20 }, (_, n) => `text ${n}`));
});

test("a region that is stopped while a receiver does not answer does not wait for it, and its next life tries again", async () => {
  const bots = await Bots.open();
  await bots.hook();
  bots.tookMs = 5_000;
  await bots.say("us", "slow");
  await bots.mesh.time.until(() => bots.atOnce === 1);
  const startMs = bots.mesh.nowMs;
  await bots.mesh.restart("us");
  expect(bots.mesh.nowMs - startMs).toBeLessThan(4_000);
  await bots.mesh.time.until(() => bots.got.length === 2);
  await bots.mesh.time.pass(30_000);
  expect([bots.texts(), new Set(bots.got.map(({ id }) => id)).size]).toEqual([["slow", "slow"], 1]);
});

test("a region whose store is lost brings nothing of what its logs hold a second time, and goes on", async () => {
  const bots = await Bots.open();
  await bots.hook();
  for (let n = 0; n < 5; n += 1) await bots.say("us", `text ${n}`);
  await bots.mesh.time.pass(5_000);
  await bots.mesh.kill("us", { lost: true });
  await bots.mesh.time.pass(20_000);
  await bots.say("us", "after");
  await bots.mesh.time.pass(5_000);
  expect(bots.texts()).toEqual(["text 0", "text 1", "text 2", "text 3", "text 4", "after"]);
});

test("a webhook that is removed, or off, gets nothing more; one that is on again gets what comes then", async () => {
  const bots = await Bots.open();
  const [off, gone] = [await bots.hook(), await bots.hook("us", "https://bots.example.com/two")];
  bots.answer = () => ({ why: "away" });
  await bots.say("us", "one");
  await bots.mesh.time.pass(2_000);
  await bots.mesh.do("eu", "ana", { kind: "webhook.set", channel: bots.channel, webhook: off, enabled: false });
  await bots.mesh.do("eu", "ana", { kind: "webhook.remove", channel: bots.channel, webhook: gone });
  await bots.mesh.time.pass(3_000);
  bots.answer = () => ({ status: 200 });
  await bots.say("us", "two");
  await bots.mesh.time.pass(60_000);
  expect([bots.got, bots.mesh.at("us").hooksWaiting()]).toEqual([[], 1]);
  await bots.mesh.do("ap", "ana", { kind: "webhook.set", channel: bots.channel, webhook: off, enabled: true });
  await bots.mesh.time.pass(3_000);
  await bots.say("us", "three");
  await bots.mesh.time.pass(3_000);
  expect(bots.texts()).toEqual(["one", "three"]);
});

test("S4: what was deleted before it could be brought comes without its text", async () => {
  const bots = await Bots.open();
  await bots.hook();
  bots.answer = () => ({ why: "away" });
  const { id } = await bots.say("us", "a secret");
  await bots.mesh.time.pass(2_000);
  await bots.mesh.do("us", "ana", { kind: "message.delete", channel: bots.channel, message: String(id) });
  bots.answer = () => ({ status: 200 });
  await bots.mesh.time.pass(60_000);
  expect(bots.got.map(({ event }) => [event.kind, event.data["body"]]).sort()).toEqual([
    ["message.deleted", undefined],
    ["message.sent", null],
  ]);
});

test("an event that is too large for a webhook comes without its text, and says so", async () => {
  const bots = await Bots.open();
  await bots.hook();
  await bots.say("us", '"'.repeat(16_000));
  await bots.mesh.time.pass(2_000);
  expect(bots.got[0]?.event.data).toMatchObject({ body: null, truncated: true });
});

test("where a bot listens is told to nobody but who said it, and shown to those who may change it", async () => {
  const bots = await Bots.open();
  const told: string[] = [];
  bots.mesh
    .at("us")
    .feed.listen(({ wire, users, privately }) => void (wire.kind.startsWith("webhook") && told.push(`${users} ${privately}`)));
  const id = await bots.hook();
  expect(told).toEqual(["ana true"]);
  const { reader, webhooks } = bots.mesh.at("us");
  const eve = { user: "eve", roles: ["user"] } as const;
  const missed = (user: string) =>
    reader
      .missed(user, { channels: reader.channelsOf(user), own: true, from: {}, to: reader.applied(), limit: 100 })
      .items.filter(({ kind }) => kind.startsWith("webhook"));
  expect([missed("eve"), missed("ana").map(({ data }) => data["url"])]).toEqual([[], [URL_ONE]]);
  for (const ask of [
    () => webhooks.list(eve, bots.channel),
    () => webhooks.one(eve, bots.channel, id),
    () => webhooks.deliveries(eve, bots.channel, id),
  ])
    expect(ask).toThrow(/may not/);
  expect(() => webhooks.list({ user: "mallory", roles: ["auditor"] }, bots.channel)).toThrow(/no channel/);
  await bots.mesh.do("us", "ana", { kind: "member.set", channel: bots.channel, user: "eve", role: "moderator" });
  expect([webhooks.list(eve, bots.channel).map(({ url }) => url), webhooks.one(eve, bots.channel, id).secret]).toEqual([
    [URL_ONE],
    undefined,
  ]);
  expect(webhooks.one(OWNER, bots.channel, id).secret).toMatch(/^whsec_/);
  // A conflict about it names no address to the channel either.
  bots.mesh.cut("us");
  await bots.mesh.time.pass(3_000);
  await bots.mesh.do("us", "ana", { kind: "webhook.set", channel: bots.channel, webhook: id, url: "https://bots.example.com/us" });
  await bots.mesh.do("eu", "ana", { kind: "webhook.set", channel: bots.channel, webhook: id, url: "https://bots.example.com/eu" });
  bots.mesh.heal();
  await bots.mesh.time.pass(30_000);
  const [conflict] = reader.conflicts(eve, {}, { limit: 10 }).items;
  expect(conflict?.register).toMatchObject({ kind: "webhook", field: id });
  expect(conflict?.versions.map(({ value, withheld }) => [value, withheld])).toEqual([
    [null, true],
    [null, true],
  ]);
});
