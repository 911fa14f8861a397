import { beforeEach, describe, expect, test } from "vitest";
import type { VerifyReport } from "../core/ports/boards.ts";
import { CHANNEL, VerifyMesh } from "./verify-mesh.test-model.ts";

let mesh: VerifyMesh;
beforeEach(() => {
  mesh = new VerifyMesh();
});
const verify = (region: string): Promise<VerifyReport> => mesh.time.settled(mesh.region(region).verification.verify({}));

describe("P2: converged", () => {
  const start = (): void => mesh.regions.forEach((region) => void region.convergence.start());

  test("one comparison tells all regions, after a heal and then every half minute", async () => {
    mesh.traffic();
    start();
    const holds = mesh.regions.map((region) => {
      const counted = { times: 0 };
      const holdAll = region.holdAll.bind(region);
      region.holdAll = () => {
        counted.times += 1;
        return holdAll();
      };
      return counted;
    });
    await mesh.time.until(() => mesh.regions.every(({ converged }) => converged !== null), 3_000);
    expect(new Set(mesh.regions.map(({ converged }) => converged)).size).toBe(1);
    await mesh.time.pass(60_000);
    for (const { times } of holds) expect([times >= 2, times <= 4]).toEqual([true, true]);
    expect(mesh.holding()).toEqual([]);
  });

  test("a state whose sums take long to read is compared the more seldom: at most one part in a hundred of the time", async () => {
    for (const region of mesh.regions) {
      for (let n = 0; n < 1_000; n += 1) region.tables.digests.set(`${CHANNEL}|1970-${String(n).padStart(4, "0")}`, "2".repeat(64));
      region.turnMs = 400;
    }
    start();
    const comparisons: number[] = [];
    const region = mesh.region("eu");
    const holdAll = region.holdAll.bind(region);
    region.holdAll = () => {
      comparisons.push(mesh.time.nowMs);
      return holdAll();
    };
    await mesh.time.until(() => comparisons.length === 3, 900_000, 500);
    // Five slices of two hundred sums, 400 ms each.
    for (const [nth, atMs] of comparisons.entries()) if (nth > 0) expect(atMs - (comparisons[nth - 1] ?? 0)).toBeGreaterThan(150_000);
    expect(mesh.regions.every(({ converged }) => converged !== null)).toBe(true);
  });

  test("who cannot get to the common vector yet is asked again within moments, also long after", async () => {
    for (const late of [2_500, 20_000]) {
      mesh = new VerifyMesh();
      mesh.traffic();
      const behind = mesh.region("ap");
      const honest = behind.advanceTo.bind(behind);
      behind.advanceTo = (vector) => (mesh.time.nowMs < late ? new Promise(() => {}) : honest(vector));
      start();
      await mesh.time.until(() => mesh.regions.every(({ converged }) => converged !== null), 60_000);
      expect(mesh.time.nowMs - late).toBeLessThan(8_000);
    }
  });

  test("the light digest is the digest of verify", async () => {
    mesh.region("us").write();
    await mesh.time.pass(200);
    start();
    await mesh.time.until(() => mesh.region("eu").converged !== null, 3_000);
    expect((await verify("ap")).digest).toBe(mesh.region("eu").converged);
  });

  test("nothing is compared while a region is cut off; a difference takes the fact back", async () => {
    mesh.cut("eu");
    start();
    await mesh.time.pass(10_000);
    expect(mesh.regions.map(({ converged }) => converged)).toEqual([null, null, null]);
    mesh.heal();
    await mesh.time.until(() => mesh.regions.every(({ converged }) => converged !== null), 3_000);
    mesh.region("ap").tables.digests.set(`${CHANNEL}|2000-01-01`, "1".repeat(64));
    await mesh.time.pass(45_000);
    expect(mesh.regions.map(({ converged }) => converged)).toEqual([null, null, null]);
    expect(mesh.holding()).toEqual([]);
  });
});
