import { expect, test } from "vitest";
import type { Event } from "../core/event.ts";
import { emptyLog, openMemoryLog } from "../regions/embedded/memory-log.ts";
import { openMemoryStore } from "../regions/embedded/memory-store.ts";
import { LateTail } from "./late-tail.ts";
import { Packer } from "./packer.ts";
import { WorkingSet } from "./working-set.ts";

const BORN = "01a20a28be87-0000-us";
const sent = {
  v: 1,
  rules: 1,
  stamp: BORN,
  kind: "profile.changed",
  channel: null,
  actor: "ana",
  command: "c1",
  content: "0".repeat(32),
  said: "0".repeat(32),
  after: {},
  policy: "lww",
  deletes: "final",
  data: { displayName: "Ana", replaces: {} },
} as unknown as Event;

test("L3: what a peer kept of an ended epoch enters the present log as it was, each message once, and only beyond what was known", async () => {
  const tables = new WorkingSet(openMemoryStore());
  const kept = emptyLog();
  const taken: Event[] = [];
  const packer = new Packer({
    log: openMemoryLog("us", 2, kept),
    life: "first",
    take: (_, events) => {
      taken.push(...events);
      return undefined;
    },
  });
  const late = new LateTail("us", tables, packer);
  expect(late.after(1)).toBe(0);
  tables.put("positions", "us", { epoch: 1, sequence: 3, place: 0 });
  expect(late.after(1)).toBe(3);
  tables.put("facts", "epoch-had|us|1", 4);
  expect(late.after(1)).toBe(4);
  await late.admit(1, 5, JSON.stringify([sent, { stamp: "no event" }]));
  const back = { ...sent, late: "1.5.0" };
  expect(taken).toEqual([back]);
  expect(JSON.parse(kept.texts[0] ?? "")).toEqual([back]);
  expect(late.after(1)).toBe(5);
});
