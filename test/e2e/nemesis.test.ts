/** Many faults at once, in an order that nobody thought of: what no story of a single fault shows. `npm run nemesis` goes on for longer. */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { undergo } from "../nemesis/run.ts";
import { serverForTests } from "../servers/nats-tiers.ts";
import { MeshUnderTest } from "./atoll.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;
const SEED = Number(process.env["ATOLL_SEED"] ?? 3);
const SECONDS = 45;

describe.skipIf(server === undefined)("a mesh under a nemesis", () => {
  const mesh = new MeshUnderTest();
  beforeAll(async () => {
    expect((await mesh.up()).code).toBe(0);
  });
  afterAll(() => mesh.remove());

  test(`L1 L4 L5 P4 A1 A2: ${SECONDS} s of overlapping faults break no law (seed ${SEED})`, async () => {
    const lines: string[] = [];
    const { broken, ...found } = await undergo({ mesh, seed: SEED, seconds: SECONDS, tell: (line) => lines.push(line) });
    console.log(`${lines.join("\n")}\n${JSON.stringify(found)}`);
    expect(broken).toEqual([]);
    expect(found.acked).toBeGreaterThan(300);
  }, 400_000);
});
