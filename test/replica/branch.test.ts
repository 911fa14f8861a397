/** H7: a region's state at the common vector, beside its life. */
import { expect, test } from "vitest";
import { Branch } from "../../reconciliation/verify-branch.ts";
import { stateRoot } from "../../reconciliation/verify-root.ts";
import { randomOf } from "../simulation/random.ts";
import { honestLogs, interleaved } from "./logs.ts";
import { openReplica } from "./one-region.ts";

const SEEDS = Array.from({ length: 6 }, (_, n) => n + 1);
const rootsOf = (tables: Parameters<typeof stateRoot>[0]) =>
  Promise.all((["full", "light"] as const).map(async (mode) => (await stateRoot(tables, { mode, pause: async () => {} })).digest));

test.each(SEEDS)("what lies between is applied slice by slice, what lies beyond is none of it (seed %i)", async (seed) => {
  const random = randomOf(seed);
  const events = interleaved(honestLogs(random, 300), random);
  const here = openReplica("us");
  const there = openReplica("us");
  const [begun, common] = [Math.floor(events.length / 5), Math.floor((events.length * 4) / 5)];
  for (const placed of events.slice(0, begun)) here.replica.apply(placed);
  await here.tables.commit();
  const branch = new Branch(here.store);
  branch.begin();
  for (const placed of events.slice(0, common)) there.replica.apply(placed);
  for (const placed of events.slice(begun)) {
    here.replica.apply(placed);
    branch.take({ placed });
  }
  await here.tables.commit();
  let turns = 0;
  const snapshot = await branch.at(there.replica.vector, "us", async () => {
    turns += 1;
  });
  expect(await rootsOf(snapshot)).toEqual(await rootsOf(there.tables));
  expect(await rootsOf(here.tables)).not.toEqual(await rootsOf(there.tables));
  expect(turns).toBe(Math.floor((events.length - begun) / 50));
  snapshot.close();
});
