/** The road into the own log: order, company, and what may be said of closed time (L1, H6). */
import { expect, test } from "vitest";
import type { Event } from "../core/event.ts";
import { LIMITS } from "../core/limits.ts";
import type { PhysicalClock } from "../core/stamp.ts";
import { formatStamp, HybridClock, stampTimeMs } from "../core/stamp.ts";
import { openMemoryLog } from "../regions/embedded/memory-log.ts";
import type { Random } from "../test/simulation/random.ts";
import { randomOf } from "../test/simulation/random.ts";
import { HeldLog } from "./acceptor.test-model.ts";
import { Packer } from "./packer.ts";

class Road {
  readonly log = new HeldLog("us");
  readonly taken: [sequence: number, stamps: readonly string[]][] = [];
  readonly packer = new Packer({
    log: this.log,
    life: "first",
    take: (sequence, events) => {
      this.taken.push([sequence, events.map(({ stamp }) => stamp)]);
      return undefined;
    },
  });
  nowMs = 1_000_000;
  readonly clock: HybridClock;

  constructor() {
    const physical: PhysicalClock = { nowMs: () => this.nowMs };
    this.clock = new HybridClock({ region: "us", physical, boundMs: 5_000 });
  }

  events(count: number, text = ""): Event[] {
    return Array.from({ length: count }, () => ({ stamp: this.clock.next(), text }) as unknown as Event);
  }
  get stampsInLog(): readonly string[] {
    return this.log.events.map(({ stamp }) => stamp);
  }
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("L1: one message is on its way at a time, what comes meanwhile shares the next, and the order of acceptance is the order of the log", async () => {
  const road = new Road();
  road.log.holds = true;
  const landed: number[] = [];
  for (let n = 0; n < 30; n += 1) void road.packer.append(road.events(1 + (n % 3))).then(() => landed.push(n));
  expect([road.log.unanswered, road.packer.pending]).toEqual([1, 30]);
  road.log.answer();
  await turn();
  expect([landed, road.log.texts.length]).toEqual([[0], 2]);
  road.log.answerAll();
  await turn();
  expect(landed).toEqual(Array.from({ length: 30 }, (_, n) => n));
  expect([...road.stampsInLog].sort()).toEqual(road.stampsInLog);
  expect(road.taken.map(([sequence]) => sequence)).toEqual([1, 2]);
});

test("events of one command share a message, also where others must wait for the next one", async () => {
  const road = new Road();
  road.log.holds = true;
  const half = "x".repeat(LIMITS.packBytes / 3 - 1_000);
  void road.packer.append(road.events(1));
  void road.packer.append(road.events(1, half));
  void road.packer.append(road.events(LIMITS.packEvents - 1));
  void road.packer.append(road.events(2));
  road.log.answerAll();
  await turn();
  expect(road.taken.map(([, stamps]) => stamps.length)).toEqual([1, 1, LIMITS.packEvents - 1, 2]);
  for (const id of road.log.ids) expect(road.stampsInLog.map((stamp) => `${stamp}.first`)).toContain(id);
});

test("a log that is closed takes nothing more: what was on its way is never said to be durable, and the road is free", async () => {
  const road = new Road();
  road.log.append = () => Promise.reject(new Error("closed"));
  let landed = false;
  void road.packer.append(road.events(1)).then(() => (landed = true));
  await turn();
  expect([landed, road.packer.pending]).toEqual([false, 0]);
  await road.packer.drained();
});

interface Said {
  readonly closedMs: number;
  readonly head: number;
  readonly nowMs: number;
}

/** A process's life: commands come, the log answers late, time passes, and at each moment it may say what is closed. */
async function live(road: Road, random: Random): Promise<readonly Said[]> {
  const said: Said[] = [];
  for (let step = 0; step < 120; step += 1) {
    road.nowMs += random.below(3);
    if (random.chance(0.4)) void road.packer.append(road.events(1 + random.below(3)));
    if (random.chance(0.05)) road.clock.witness(`${(road.nowMs + 4_000).toString(16).padStart(12, "0")}-0000-eu`);
    road.log.holds = random.chance(0.6);
    if (random.chance(0.3)) road.log.answer();
    if (random.chance(0.5)) await turn();
    said.push({ closedMs: road.packer.closedMs(road.nowMs - 1), head: road.log.head(), nowMs: road.nowMs });
  }
  road.log.answerAll();
  await road.packer.drained();
  return said;
}

test.each(Array.from({ length: 40 }, (_, n) => n + 1))(
  "H6: no event at or before the closed time stands after the head that was said with it (seed %i)",
  async (seed) => {
    const road = new Road();
    const said = await live(road, randomOf(seed));
    const messages = road.log.texts.map((text) => (JSON.parse(text) as Event[]).map(({ stamp }) => stampTimeMs(stamp)));
    for (const { closedMs, nowMs } of said) expect(closedMs).toBeLessThan(nowMs); // also while stamps far ahead are in flight
    for (const { closedMs, head } of said) for (const timeMs of messages.slice(head).flat()) expect(timeMs).toBeGreaterThan(closedMs);
    // A closed time that never moves would hold as well, and say nothing.
    expect((said.at(-1)?.closedMs ?? 0) - (said[0]?.closedMs ?? 0)).toBeGreaterThan(50);
  },
);

test("L1: what a life sends is no repetition of what the life before it sent under the same stamp", async () => {
  const log = openMemoryLog("us", 1);
  const event = { stamp: formatStamp(1_000_000, 1, "us") } as unknown as Event;
  for (const life of ["first", "second"]) await new Packer({ log, life, take: () => undefined }).append([event]);
  expect(log.head()).toBe(2);
});
