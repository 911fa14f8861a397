/** What a region has to bring, where it begins anew and does not know yet all that it knew (L2). */
import { beforeEach, expect, test } from "vitest";
import type { Vector } from "../../core/position.ts";
import { registerKey } from "../../core/register.ts";
import { openMemoryStore } from "../../regions/embedded/memory-store.ts";
import { auditKey } from "../audit-rows.ts";
import { VirtualTime } from "../links.test-model.ts";
import { WorkingSet } from "../working-set.ts";
import { WebhookFollower } from "./follower.ts";

const [CHANNEL, EARLY, LATE] = ["chn", "early", "late"];
let time: VirtualTime;
let tables: WorkingSet;
let applied: Vector;
let queued: string[];
let follower: WebhookFollower;

const hook = (webhook: string): void => {
  const key = registerKey.webhook(CHANNEL, webhook);
  tables.put("webhooks", `${CHANNEL}|${webhook}`, true);
  tables.put("registers", key, {
    key,
    entries: [{ stamp: "019b8d620000-0000-us", author: "ana", command: "made" }],
    resolution: { value: { url: "https://bots.example.com/", events: null, enabled: true, generation: 1, name: null } },
  } as never);
};

/** A message that the region accepted in a former life, when it had applied `us` up to 5. */
beforeEach(async () => {
  time = new VirtualTime();
  const store = openMemoryStore();
  tables = new WorkingSet(store);
  applied = {};
  queued = [];
  const event = {
    stamp: "019b8d629999-0000-eu",
    kind: "message.sent",
    channel: CHANNEL,
    actor: "eve",
    command: "c",
    data: { message: "m", body: "hello", thread: null, replaces: [] },
    after: { us: "1.5.0" },
  };
  const position = { origin: "eu", epoch: 1, sequence: 1, place: 0 };
  await store.commit([
    { table: "facts", key: "webhooksTaken", value: 0 },
    { table: "events", key: "row", value: { event, position } as never },
    { table: "audit", key: auditKey(1), value: { kind: "version", what: "message.sent", position: "eu.1.1.0", row: "row" } as never },
  ]);
  follower = new WebhookFollower({
    region: "eu",
    store,
    tables,
    timers: time,
    nowMs: () => time.nowMs,
    applied: () => applied,
    add: ({ webhook }) => queued.push(webhook),
    wrote: () => {},
  });
  hook(EARLY);
});

test("it waits for what its region knew when it accepted an event, and a webhook that comes with that hears of it too", async () => {
  follower.begin();
  await time.pass(2_000);
  expect(queued).toEqual([]);
  hook(LATE);
  applied = { us: { epoch: 1, sequence: 5, place: 0 } };
  await time.pass(1_000);
  expect(queued).toEqual([EARLY, LATE]);
});

test("it does not wait for ever for a region that cannot be reached", async () => {
  follower.begin();
  await time.pass(29_000);
  expect(queued).toEqual([]);
  await time.pass(3_000);
  expect(queued).toEqual([EARLY]);
});
