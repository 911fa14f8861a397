/** Receivers in trouble, as stories: away, slow, gone, in a hurry. */
import { expect, test } from "vitest";
import { HOOK_LIMITS } from "../../reconciliation/webhooks/schedule.ts";
import { Bots, OWNER, URL_ONE } from "./bots.ts";

test("W9 W10: a receiver that is away for an hour is asked seldom, and then gets everything, oldest first", async () => {
  const bots = await Bots.open();
  const id = await bots.hook();
  let tries = 0;
  bots.answer = () => {
    tries += 1;
    return { why: "the connection was refused" };
  };
  const said = Array.from({ length: 30 }, (_, n) => `text ${n}`);
  for (const text of said) await bots.say("us", text);
  await bots.rest(3_600_000);
  expect(bots.got).toEqual([]);
  expect(tries).toBeGreaterThan(10);
  expect(tries).toBeLessThan(30);
  const { waiting, items, pausedUntil } = bots.deliveries("us", id);
  expect([waiting, items.length, items[0]?.outcome, items[0]?.why]).toEqual([30, 20, "failed", "the connection was refused"]);
  expect(pausedUntil).not.toBeNull();
  bots.answer = () => ({ status: 200 });
  await bots.mesh.time.until(() => bots.deliveries("us", id).waiting === 0, 600_000);
  // The one that met the open door first, then the others in their order.
  const [first, ...others] = bots.texts();
  expect(said).toContain(first);
  expect(others).toEqual(said.filter((text) => text !== first));
  expect(bots.deliveries("us", id).items[0]).toMatchObject({ status: 200, outcome: "delivered" });
});

test("one event that its receiver cannot take holds up nobody, and is given up after ten tries in three days", async () => {
  const bots = await Bots.open();
  await bots.hook();
  const triedMs: number[] = [];
  bots.answer = ({ body }) => {
    if (!body.includes("poison")) return { status: 200 };
    triedMs.push(bots.mesh.nowMs);
    return { status: 500 };
  };
  await bots.say("us", "poison");
  for (let n = 0; n < 5; n += 1) await bots.say("us", `text ${n}`);
  await bots.mesh.time.pass(3_000);
  expect(bots.texts()).toEqual(["text 0", "text 1", "text 2", "text 3", "text 4"]);
  for (let hour = 0; hour < 110; hour += 1) await bots.mesh.time.stall(3_600_000);
  expect(triedMs).toHaveLength(10);
  expect(bots.outcomes.filter((one) => one === "given-up")).toHaveLength(1);
});

test("an event that was under way to the old address when its webhook was changed, and failed there, is tried again at once", async () => {
  const bots = await Bots.open();
  const webhook = await bots.hook();
  const two = "https://bots.example.com/two";
  bots.tookMs = 4_000;
  bots.answer = ({ url }) => (url === two ? { status: 200 } : { why: "it did not answer within 5 s" });
  await bots.say("us", "under way");
  await bots.mesh.time.until(() => bots.atOnce === 1);
  await bots.mesh.time.pass(1_000);
  const startMs = bots.mesh.nowMs;
  await bots.mesh.do("us", "ana", { kind: "webhook.set", channel: bots.channel, webhook, url: two });
  bots.tookMs = 10;
  await bots.mesh.time.until(() => bots.texts(two).length === 1);
  expect(bots.mesh.nowMs - startMs).toBeLessThan(6_000);
});

test("a webhook that fails holds up no other", async () => {
  const bots = await Bots.open();
  await bots.hook("us", URL_ONE);
  await bots.hook("us", "https://bots.example.com/two");
  bots.answer = ({ url }) => (url === URL_ONE ? { why: "it did not answer within 5 s" } : { status: 200 });
  for (let n = 0; n < 10; n += 1) await bots.say("us", `text ${n}`);
  await bots.mesh.time.pass(3_000);
  expect(bots.texts("https://bots.example.com/two")).toHaveLength(10);
});

test("W8: forty-nine failures in a row leave it enabled, fifty halt it in every region and its owner is told; a change resumes it", async () => {
  const bots = await Bots.open();
  const id = await bots.hook();
  const told: unknown[] = [];
  bots.mesh
    .at("eu")
    .feed.listen(({ wire, users, privately }) => void (wire.kind === "webhook.halted" && told.push([users, privately, wire.data])));
  let failures = 0;
  let failsAfter = 49;
  bots.answer = () => ((failures += 1) <= failsAfter ? { status: 503 } : { status: 200 });
  const halted = (region: string) => bots.mesh.at(region).webhooks.one(OWNER, bots.channel, id).halted;
  for (let n = 0; n < 60; n += 1) await bots.say("us", `text ${n}`);
  const startMs = bots.mesh.nowMs;
  while (bots.got.length < 60) await bots.mesh.time.stall(60_000);
  expect([halted("us"), failures]).toEqual([null, 49 + 60]);
  // Fifty in a row take hours: no restart of a bot is one.
  expect(bots.mesh.nowMs - startMs).toBeGreaterThan(3 * 3_600_000);
  [failures, failsAfter] = [0, Number.POSITIVE_INFINITY];
  for (let n = 60; n < 120; n += 1) await bots.say("us", `text ${n}`);
  while (bots.halted.length === 0) await bots.mesh.time.stall(60_000);
  await bots.mesh.time.pass(5_000);
  expect([failures, bots.halted]).toEqual([50, ["us failures"]]);
  for (const region of bots.mesh.names) expect(halted(region)).toMatchObject({ reason: "failures", region: "us" });
  expect(told).toEqual([[["ana"], true, expect.objectContaining({ webhook: id, reason: "failures", user: "ana" })]]);
  await bots.say("us", "while it is halted");
  await bots.rest(3_600_000);
  expect(failures).toBe(50);
  failsAfter = 0;
  await bots.mesh.do("eu", "ana", { kind: "webhook.set", channel: bots.channel, webhook: id, enabled: true });
  await bots.mesh.time.until(() => bots.deliveries("us", id).waiting === 0);
  expect(bots.texts().slice(60)).toEqual([...Array.from({ length: 60 }, (_, n) => `text ${n + 60}`), "while it is halted"]);
  expect(halted("us")).toBeNull();
});

test("410 halts it at once", async () => {
  const bots = await Bots.open();
  const id = await bots.hook();
  bots.answer = () => ({ status: 410 });
  await bots.say("us", "one");
  await bots.mesh.time.pass(5_000);
  for (const region of bots.mesh.names)
    expect(bots.mesh.at(region).webhooks.one(OWNER, bots.channel, id).halted).toMatchObject({ reason: "gone" });
  // In every region's audit log it stands whole, and all hold the same state.
  const auditor = { user: "ida", roles: ["auditor"] } as const;
  const facts = (region: string) =>
    bots.mesh
      .at(region)
      .reader.auditEntries(auditor, { limit: 100 })
      .items.map(({ fact }) => fact);
  for (const region of bots.mesh.names)
    expect(facts(region)).toContainEqual(
      expect.objectContaining({ kind: "webhook.halted", actor: "us", data: expect.objectContaining({ reason: "gone" }) }),
    );
  const sums = bots.mesh.all.map(({ replica }) => JSON.stringify([...replica.tables.range("digests", { from: "", to: "\u{7f}" })]));
  expect(new Set(sums).size).toBe(1);
});

test("D3: what waits longer than seven days is brought to nobody, what waits less is", async () => {
  const bots = await Bots.open();
  const id = await bots.hook();
  bots.answer = () => ({ status: 410 });
  await bots.say("us", "old");
  await bots.mesh.time.pass(5_000);
  const dayMs = 24 * 3_600_000;
  await bots.mesh.time.stall(2 * dayMs);
  await bots.say("us", "newer");
  await bots.mesh.time.pass(3_000);
  await bots.mesh.time.stall(5 * dayMs - 60_000);
  expect(bots.deliveries("us", id).waiting).toBe(2);
  await bots.mesh.time.stall(3_600_000);
  expect([bots.deliveries("us", id).waiting, bots.outcomes.at(-1)]).toEqual([1, "expired"]);
  bots.answer = () => ({ status: 200 });
  await bots.mesh.do("us", "ana", { kind: "webhook.set", channel: bots.channel, webhook: id, enabled: true });
  await bots.mesh.time.pass(3_000);
  expect(bots.texts()).toEqual(["newer"]);
});

test("W5: a burst of a hundred is held to the rate, one at a time, and counted", async () => {
  const bots = await Bots.open();
  const id = await bots.hook();
  bots.tookMs = 1;
  bots.answer = () => ({ why: "away" });
  for (let n = 0; n < 100; n += 1) await bots.say("us", `text ${n}`);
  await bots.mesh.time.pass(1_000);
  bots.answer = () => ({ status: 200 });
  await bots.mesh.do("us", "ana", { kind: "webhook.set", channel: bots.channel, webhook: id, enabled: true });
  await bots.mesh.time.until(() => bots.got.length === 100);
  const first = bots.got[0]?.atMs ?? 0;
  const withinFirst = bots.got.filter(({ atMs }) => atMs - first < 1_000).length;
  expect(withinFirst).toBeLessThanOrEqual(2 * HOOK_LIMITS.perSecond);
  expect((bots.got[99]?.atMs ?? 0) - first).toBeGreaterThan(700);
  expect([bots.mostAtOnce, bots.outcomes.includes("limited")]).toEqual([1, true]);
});

test("a test delivery is made at once, also to a webhook that is halted, and leaves no trace; by those who may, and not too often", async () => {
  const bots = await Bots.open();
  const id = await bots.hook();
  bots.answer = () => ({ status: 410 });
  await bots.say("us", "nobody there");
  await bots.mesh.time.until(() => bots.halted.length > 0);
  await bots.mesh.time.pass(2_000);
  const before = bots.deliveries("us", id);
  const ask = (region: string, key: string, user = OWNER) =>
    bots.mesh.time.settled(bots.mesh.at(region).webhooks.test(user, bots.channel, id, key));
  expect(await ask("us", "k1")).toMatchObject({
    outcome: "failed",
    status: 410,
    region: "us",
    mend: expect.stringContaining("410 halts"),
    tookMs: expect.any(Number),
  });
  await expect(ask("us", "k2")).rejects.toMatchObject({ code: "too-many-requests", retryAfterS: 5 });
  bots.answer = () => ({ status: 204 });
  const fromEu = await ask("eu", "k1");
  expect(fromEu).toMatchObject({ outcome: "delivered", status: 204, region: "eu" });
  expect(bots.got.map(({ id: as, event }) => [as, event.kind, event.channel, event.data])).toEqual([
    [fromEu.id, "webhook.test", bots.channel, { webhook: id, region: "eu" }],
  ]);
  await bots.mesh.time.pass(5_000);
  expect((await ask("us", "k1")).id).toBe(fromEu.id);
  expect(bots.deliveries("us", id)).toEqual(before);
  expect(bots.mesh.at("us").webhooks.one(OWNER, bots.channel, id).halted).not.toBeNull();
  await expect(ask("us", "k3", { ...OWNER, user: "eve" } as never)).rejects.toMatchObject({ code: "forbidden" });
  await expect(ask("us", "k3", { ...OWNER, user: "mallory" } as never)).rejects.toMatchObject({ code: "not-found" });
});
