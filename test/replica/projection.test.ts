/** A history store that follows a replica: behind, away, emptied or restarted, in the end it holds what the registers say. */
import { expect, test } from "vitest";
import { VirtualTime } from "../../reconciliation/links.test-model.ts";
import type { Sink } from "../../reconciliation/projection.ts";
import { openMemoryHistory } from "../../regions/embedded/memory-history.ts";
import { randomOf } from "../simulation/random.ts";
import { forgedLogs, honestLogs, interleaved } from "./logs.ts";
import { openReplica } from "./one-region.ts";
import { expectedOf, heldBy, openProjected } from "./projected.ts";

const SEEDS = Number(process.env["ATOLL_TEST_SEEDS"] ?? 25);
const seeds = Array.from({ length: SEEDS }, (_, n) => n + 1);
const eventsOf = (seed: number, count = 120) => interleaved(honestLogs(randomOf(seed), count), randomOf(seed));
const DOWN = new Error("connection refused");

test(`L2: two regions that hear of the same events in any order, also forged ones, and write to one store at any time: it holds what both say (seeds 1..${SEEDS})`, async () => {
  let records = 0;
  let hidden = 0;
  for (const seed of seeds) {
    const random = randomOf(seed);
    const honest = honestLogs(random, 60 + random.below(60));
    const logs = random.chance(0.5) ? forgedLogs(honest, random) : honest;
    const time = new VirtualTime(1);
    const history = openMemoryHistory();
    const pair = ["aa", "bb"].map((region) => ({ ...openProjected({ region, history, time }), events: [...interleaved(logs, random)] }));
    while (pair.some(({ events }) => events.length > 0)) {
      const { apply, events } = random.pick(pair);
      await apply(events.splice(0, 1 + random.below(20)));
      history.refuse(random.chance(0.2) ? DOWN : undefined);
      await time.pass(random.below(2_000));
    }
    history.refuse(undefined);
    await time.pass(20_000);
    for (const { grown } of pair) expect([seed, await heldBy(history, grown)]).toEqual([seed, expectedOf(grown)]);
    const { conflicts, messages } = expectedOf(pair[0]!.grown);
    records += conflicts.length;
    hidden += messages.filter((message) => message.hidden.length > 0).length;
  }
  expect(records).toBeGreaterThan(SEEDS / 4);
  expect(hidden).toBeGreaterThan(0);
});

test("a store that has everything and takes its time to say so is slow; one answer that came late says nothing", async () => {
  const time = new VirtualTime(1);
  const history = openMemoryHistory();
  let lateMs = 0;
  const around = (sink: Sink): Sink => ({
    ...sink,
    held: async () => {
      await new Promise<void>((done) => time.after(lateMs, done));
      return sink.held();
    },
  });
  const { projection, apply } = openProjected({ history, time, around });
  await apply(eventsOf(1));
  await time.pass(10_000);
  expect(projection.facts().state).toBe("live");
  lateMs = 2_000;
  await time.pass(6_000);
  expect(projection.facts().state).toBe("live");
  await time.pass(10_000);
  expect(projection.facts()).toMatchObject({ state: "slow", why: "it answers after 2.0 s", waiting: 0 });
  lateMs = 0;
  await time.pass(10_000);
  expect(projection.facts().state).toBe("live");
});

test("a store that is away costs nothing but its own lag: what waits is counted, and brought when it answers", async () => {
  const time = new VirtualTime(1);
  const history = openMemoryHistory();
  const said: string[] = [];
  const watch = { sinkFailed: (_: string, why: unknown) => said.push(String(why)), sinkBack: () => said.push("back") };
  const { grown, projection, apply } = openProjected({ history, time, watch });
  history.refuse(DOWN);
  await apply(eventsOf(1));
  await time.pass(3_600_000);
  const waiting = grown.replica.auditEntries;
  expect(projection.facts()).toMatchObject({ state: "unreachable", waiting, why: "connection refused" });
  history.refuse(undefined);
  await time.pass(6_000);
  expect(projection.facts()).toMatchObject({ state: "live", waiting: 0, ageMs: 0, why: null });
  expect(await heldBy(history, grown)).toEqual(expectedOf(grown));
  expect(said).toEqual(["Error: connection refused", "back"]);
});

test("nothing is written twice while all goes well, and the position names what is covered", async () => {
  const time = new VirtualTime(1);
  const history = openMemoryHistory();
  const { grown, apply } = openProjected({ history, time });
  const events = eventsOf(2);
  for (let n = 0; n < events.length; n += 7) {
    await apply(events.slice(n, n + 7));
    await time.pass(300);
  }
  await time.pass(2_000);
  expect(history.counts.unchanged).toBe(0);
  const { held } = await history.held("xx");
  expect(held).toMatchObject({ change: grown.replica.auditEntries, applied: grown.replica.vector, series: "one" });
});

test("a store that comes back without its last seconds gets them again, and only them", async () => {
  const time = new VirtualTime(1);
  const history = openMemoryHistory();
  const refills: number[] = [];
  const { grown, apply } = openProjected({ history, time, watch: { refilling: (_, changes) => refills.push(changes) } });
  const events = eventsOf(3, 300);
  const half = events.length >> 1;
  await apply(events.slice(0, half));
  await time.pass(60_000);
  const kept = history.kept();
  const before = grown.replica.auditEntries;
  await apply(events.slice(half));
  await time.pass(10_000);
  expect(grown.replica.auditEntries).toBeGreaterThan(before);
  history.restart(kept);
  await time.pass(20_000);
  expect(await heldBy(history, grown)).toEqual(expectedOf(grown));
  expect(refills).toEqual([grown.replica.auditEntries - before]);
});

test("a crash that keeps the position and loses rows before it is mended too: what a crash can take back is brought again", async () => {
  const time = new VirtualTime(1);
  const history = openMemoryHistory();
  const { grown, apply } = openProjected({ history, time });
  const events = eventsOf(4, 300);
  for (let n = 0; n < events.length; n += 10) {
    await apply(events.slice(n, n + 10));
    await time.pass(3_000);
  }
  const whole = history.kept();
  const late = [...whole.keys()].filter((key) => !key.startsWith("held|")).slice(-25);
  history.restart(new Map([...whole].filter(([key]) => !late.includes(key))));
  await time.pass(20_000);
  expect(await heldBy(history, grown)).toEqual(expectedOf(grown));
  expect(history.kept().size).toBe(whole.size);
});

test("an emptied store is filled again from the beginning, also while writes go on", async () => {
  const time = new VirtualTime(1);
  const history = openMemoryHistory();
  const { grown, apply } = openProjected({ history, time });
  const events = eventsOf(5, 300);
  for (let n = 0; n < events.length; n += 5) {
    await apply(events.slice(n, n + 5));
    await time.pass(700);
    if (n === 100) history.restart(new Map());
  }
  await time.pass(10_000);
  expect(await heldBy(history, grown)).toEqual(expectedOf(grown));
});

test("another process goes on where the store says; another life of the embedded store begins anew", async () => {
  const time = new VirtualTime(1);
  const history = openMemoryHistory();
  const first = openProjected({ history, time });
  const events = eventsOf(6, 200);
  const half = events.length >> 1;
  await first.apply(events.slice(0, half));
  await time.pass(5_000);
  await first.projection.stop();
  const taken: number[] = [];
  const counting = (sink: Sink): Sink => ({
    ...sink,
    take: (changes) => sink.take(changes).then(() => void taken.push(changes.audit.length)),
  });
  const second = openProjected({ history, time, grown: first.grown, around: counting });
  const before = first.grown.replica.auditEntries;
  await second.apply(events.slice(half));
  await time.pass(5_000);
  expect(taken.reduce((all, one) => all + one, 0)).toBe(first.grown.replica.auditEntries - before);
  await second.projection.stop();
  const other = openProjected({ history, time, grown: openReplica("xx"), series: "two" });
  await other.apply([...interleaved(honestLogs(randomOf(6), 200), randomOf(99))]);
  await time.pass(5_000);
  expect(await heldBy(history, other.grown)).toEqual(expectedOf(other.grown));
});
