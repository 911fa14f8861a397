/** Where ended epochs end, and how far we had come in them (H1, L3). */
import { expect, test } from "vitest";
import type { EpochOpened } from "../core/event.ts";
import { openMemoryStore } from "../regions/embedded/memory-store.ts";
import { endedEpochs, epochEndOf, epochHadOf, rememberEpochEnd } from "./epoch-ends.ts";
import { WorkingSet } from "./working-set.ts";

const opened = (epoch: number, sequence: number) => ({ data: { previous: { epoch, sequence } } }) as EpochOpened;
const ends = (tables: WorkingSet, epoch: number) => [epochEndOf(tables, "us", epoch), epochHadOf(tables, "us", epoch)];

test("L3: what somebody knew of an ended epoch is one thing, what is applied here of it another", () => {
  const tables = new WorkingSet(openMemoryStore());
  rememberEpochEnd(tables, "us", opened(1, 7), { epoch: 1, sequence: 6, place: 0 });
  expect(ends(tables, 1)).toEqual([7, 6]);
});

test("L3: an epoch that was opened and lost before anything of it was applied lies between: the one before it ends where it stood", () => {
  const tables = new WorkingSet(openMemoryStore());
  rememberEpochEnd(tables, "us", opened(2, 3), { epoch: 1, sequence: 4, place: 0 });
  // And its own word, which comes late, changes nothing of that.
  rememberEpochEnd(tables, "us", opened(1, 4), { epoch: 3, sequence: 1, place: 0 });
  expect([ends(tables, 1), ends(tables, 2), endedEpochs(tables, "us")]).toEqual([[4, 4], [3, 0], [1, 2]]); // biome-ignore format: one thought
});
