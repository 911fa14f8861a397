/** A region's process and the list of regions: what is followed, and what is not. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localTopology } from "./mesh/local-topology.ts";
import type { Topology } from "./topology.ts";
import { type TopologyWatch, watchTopology } from "./topology-watch.ts";
import { woundTimers } from "./wound-timers.test-model.ts";

const three = localTopology([{ name: "us" }, { name: "eu" }, { name: "ap" }], 8_800);
const four = localTopology([{ name: "us" }, { name: "eu" }, { name: "ap" }, { name: "sa" }], 8_800);
let folder: string;
let file: string;
const timers = woundTimers();
let taken: Topology[];
let said: string[];
let watch: TopologyWatch;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "atoll-topology-"));
  file = join(folder, "topology.json");
  writeFileSync(file, JSON.stringify(three));
  [taken, said] = [[], []];
  watch = watchTopology({
    given: file,
    first: three,
    timers,
    changed: (now) => taken.push(now),
    refused: (problems) => said.push(...problems),
  });
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a region more is followed, once; the same list in other words changes nothing", () => {
  timers.tick();
  writeFileSync(file, JSON.stringify(three, null, 4));
  timers.tick();
  expect(taken).toEqual([]);
  writeFileSync(file, JSON.stringify(four));
  timers.tick();
  timers.tick();
  expect(taken).toEqual([four]);
  expect(watch.current()).toEqual(four);
});

test("a list in which a region is gone, renamed or half written is not followed, and says what mends it", () => {
  writeFileSync(file, JSON.stringify({ ...three, regions: three.regions.slice(0, 2) }));
  timers.tick();
  expect(watch.fault()).toMatch(/region ap is gone from the list.*"retired": true/);
  writeFileSync(file, JSON.stringify(three).replace('"ap"', '"asia"'));
  timers.tick();
  expect(said[1]).toMatch(/region ap is called asia now/);
  writeFileSync(file, JSON.stringify(three).slice(0, 50));
  timers.tick();
  rmSync(file);
  timers.tick();
  expect(taken).toEqual([]);
  expect(said.length).toBe(3);
  writeFileSync(file, JSON.stringify(four));
  timers.tick();
  expect(watch.fault()).toBeUndefined();
  expect(taken.length).toBe(1);
});
