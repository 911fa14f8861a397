/** What a register costs as it grows: a chain of edits must not cost the square of its length, and a long quarrel must stay bearable. */
import { expect, test } from "vitest";
import type { Entry, Register } from "../../core/register.ts";
import { applyWrite, reresolve } from "../../core/register-apply.ts";
import type { Judgement } from "../../core/resolve.ts";
import { formatStamp } from "../../core/stamp.ts";

/** Counts how often somebody's right is asked for: a version that merely follows asks for its own alone. */
function counting(): { readonly judgement: Judgement; asked: number } {
  const counter = {
    asked: 0,
    judgement: {
      isDistrusted: () => false,
      standing: () => {
        counter.asked += 1;
        return "ok" as const;
      },
    },
  };
  return counter;
}

function edit(index: number, region: string, replaces: readonly string[]): Entry {
  const stamp = formatStamp(index, 0, region);
  return {
    stamp,
    kind: replaces.length === 0 ? "sent" : "edited",
    author: "ana",
    command: stamp,
    content: `text ${index}`,
    value: { body: `text ${index}` },
    replaces,
    policy: "lww",
    deletes: "final",
    after: {},
    position: { origin: region, epoch: 1, sequence: index + 1, place: 0 },
    hash: "0".repeat(64),
  };
}

function grown(entries: readonly Entry[], judgement: Judgement, from?: Register): Register {
  let register = from;
  for (const entry of entries) register = applyWrite(register, { key: "c|body|m", entry }, judgement);
  if (register === undefined) throw new Error("nothing to grow from");
  return register;
}
const chain = (length: number, region: string, from: number, first: readonly string[]): readonly Entry[] =>
  Array.from({ length }, (_, index) => edit(from + index, region, index === 0 ? first : [formatStamp(from + index - 1, 0, region)]));

test("S1: each of 1,000 edits in a row asks for one right, its own, and leaves what resolving anew leaves", () => {
  const counter = counting();
  const register = grown(chain(1_000, "us", 0, []), counter.judgement);
  expect(counter.asked).toBeLessThan(1_000 + 2);
  expect(register.resolution.heads).toEqual([formatStamp(999, 0, "us")]);
  expect(reresolve(register, counter.judgement).resolution).toEqual(register.resolution);
});

test("S1: after a conflict was settled, edits in a row are cheap again and the record stays", () => {
  const counter = counting();
  const quarrel = [edit(0, "us", []), edit(1, "us", [formatStamp(0, 0, "us")]), edit(1, "eu", [formatStamp(0, 0, "us")])];
  const settled = grown([...quarrel, edit(2, "us", [formatStamp(1, 0, "us"), formatStamp(1, 0, "eu")])], counter.judgement);
  counter.asked = 0;
  const register = grown(chain(500, "us", 3, [formatStamp(2, 0, "us")]), counter.judgement, settled);
  expect(counter.asked).toBe(500);
  expect(register.resolution.records).toEqual(settled.resolution.records);
  expect(reresolve(register, counter.judgement).resolution).toEqual(register.resolution);
});

test("S2: 150 edits against 150 edits are one record, in whatever order the two chains came", () => {
  const { judgement } = counting();
  const birth = edit(0, "us", []);
  const [ours, theirs] = [chain(150, "us", 1, [birth.stamp]), chain(150, "eu", 1, [birth.stamp])];
  const one = grown([birth, ...ours, ...theirs], judgement);
  const mixed = ours.flatMap((entry, index) => [theirs[149 - index] as Entry, entry]);
  const other = grown([...mixed, birth], judgement);
  expect(one.resolution.records).toHaveLength(1);
  expect(one.resolution.records[0]?.versions).toHaveLength(300);
  expect(other).toEqual(one);
});
