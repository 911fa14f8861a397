/** Several processes that bring shares of one region's channels into one store: together they bring what one would, whichever of them is away. */
import { expect, test } from "vitest";
import { VirtualTime } from "../../reconciliation/links.test-model.ts";
import { openProjections } from "../../reconciliation/projections.ts";
import { openMemoryHistory } from "../../regions/embedded/memory-history.ts";
import { randomOf } from "../simulation/random.ts";
import { honestLogs, interleaved } from "./logs.ts";
import { openReplica } from "./one-region.ts";
import { expectedOf, heldBy } from "./projected.ts";

const SHARES = 3;

/** A replica whose store fills, and as many processes beside it as there are shares. */
async function openShares(seed: number) {
  const random = randomOf(seed);
  const time = new VirtualTime(1);
  const history = openMemoryHistory();
  const grown = openReplica("xx");
  const events = [...interleaved(honestLogs(random, 150), random)];
  const bring = async (count: number): Promise<void> => {
    for (const placed of events.splice(0, count)) grown.replica.apply(placed);
    await grown.tables.commit();
  };
  const open = (nth: number) =>
    openProjections({
      ...{ region: "xx", boot: "one", store: grown.store, history, share: { nth, of: SHARES } },
      ...{ timers: time, nowMs: () => time.nowMs, random: () => 0.5, watch: {} },
    });
  await bring(10);
  const all = [1, 2, 3].map(open);
  for (const one of all) await one.begin();
  return { time, history, grown, bring, all, open };
}

test.each([1, 2, 3, 4, 5, 6])("the store holds in the end what one process would have brought (seed %i)", async (seed) => {
  const { time, history, grown, bring, all } = await openShares(seed);
  for (let i = 0; i < 10; i += 1) {
    await bring(15);
    for (const one of all) one.nudge();
    await time.pass(300);
  }
  await time.pass(60_000);
  expect(await heldBy(history, grown)).toEqual(expectedOf(grown));
  const audit = await history.audit("xx", { after: 0, limit: 10_000 });
  expect(audit).toHaveLength(grown.replica.auditEntries);
  expect(all[0]?.history?.readable).toBe(grown.replica.auditEntries);
});

test("a share whose process is dead: the others go on, the first says how much waits, nothing is read beyond it, and its next life brings all", async () => {
  const { time, history, grown, bring, all, open } = await openShares(7);
  await time.pass(10_000);
  const before = all[0]?.history?.readable ?? 0;
  await all[1]?.stop();
  await bring(100);
  for (const nth of [0, 2]) all[nth]?.nudge();
  await time.pass(30_000);
  const facts = all[0]?.facts() ?? [];
  expect(facts.map(({ name, state }) => [name, state])).toEqual([
    ["history", "live"],
    ["history 2/3", "behind"],
    ["history 3/3", "live"],
  ]);
  expect(facts[1]?.waiting).toBe(grown.replica.auditEntries - before);
  expect(all[0]?.history?.readable).toBe(before);
  await open(2).begin();
  await time.pass(60_000);
  expect(await heldBy(history, grown)).toEqual(expectedOf(grown));
  expect(all[0]?.history?.readable).toBe(grown.replica.auditEntries);
});

test("a store that was emptied is not read as if it held what it held before", async () => {
  const { time, history, all } = await openShares(8);
  await time.pass(60_000);
  history.restart(new Map());
  await time.pass(1_000);
  expect(all[0]?.history?.readable).toBe(0);
});
