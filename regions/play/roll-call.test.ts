import { expect, test } from "vitest";
import { RollCall } from "./roll-call.ts";

let nowMs = 0;
const silent = new Set<string>();
const rollCall = () => {
  nowMs = 0;
  silent.clear();
  return new RollCall(
    ["us", "eu"],
    async (name) => !silent.has(name),
    () => nowMs,
  );
};
/** Called once a second until this moment; the last answer. */
async function until(roll: RollCall, endMs: number) {
  for (; nowMs < endMs; nowMs += 1_000) await roll.call();
  return roll.call();
}

test("a region is gone when it has been silent for a quarter of a minute, and there again at its first answer", async () => {
  const roll = rollCall();
  silent.add("eu");
  expect(await until(roll, 15_000)).toEqual({ there: ["us"], gone: [] });
  expect(await until(roll, 16_000)).toEqual({ there: ["us"], gone: ["eu"] });
  silent.clear();
  expect(await roll.call()).toEqual({ there: ["us", "eu"], gone: [] });
  silent.add("eu");
  expect((await until(roll, 30_000)).gone).toEqual([]);
});

test("what was heard before nobody asked for a while does not count", async () => {
  const roll = rollCall();
  silent.add("eu");
  await until(roll, 10_000);
  nowMs = 40_000;
  expect((await roll.call()).gone).toEqual([]);
  expect((await until(roll, 56_000)).gone).toEqual(["eu"]);
});
