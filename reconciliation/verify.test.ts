import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../core/limits.ts";
import type { VerifyReport } from "../core/ports/boards.ts";
import { CHANNEL, REGIONS, VerifyMesh } from "./verify-mesh.test-model.ts";

let mesh: VerifyMesh;
beforeEach(() => {
  mesh = new VerifyMesh();
});
const verify = (region = "us", options: { readonly channel?: string } = {}): Promise<VerifyReport> =>
  mesh.time.settled(mesh.region(region).verification.verify(options));

describe("H7: verify under traffic", () => {
  test("regions that write all the time are equal at one vector, again and again, and nobody is held long", async () => {
    mesh.traffic();
    await mesh.time.pass(1_000);
    const digests = new Set<string | null>();
    for (let round = 0; round < 5; round += 1) {
      const report = await verify(REGIONS[round % 3]);
      expect([report.equal, report.differences]).toEqual([true, []]);
      expect(new Set(Object.values(report.regions).map(({ digest, events }) => `${digest} ${events}`)).size).toBe(1);
      expect(Object.keys(report.asOf)).toHaveLength(3);
      digests.add(report.digest);
      await mesh.time.pass(300);
      expect(mesh.holding()).toEqual([]);
    }
    expect(digests.size).toBe(5);
    for (const region of mesh.regions) expect(region.longestHoldMs).toBeLessThan(500);
  });

  test("L3: a byte that changed on a disk is found and named, with what each region holds, though no sum has noticed", async () => {
    for (let n = 0; n < 90; n += 1) mesh.region(REGIONS[n % 3] ?? "us").write();
    await mesh.time.pass(1_000);
    const key = mesh.region("eu").corrupt((register) => ({ ...register, resolution: { ...register.resolution, value: "flipped" } }));
    const report = await verify();
    expect([report.equal, report.digest]).toEqual([false, null]);
    expect(report.differences.map(({ channel, register }) => [channel, register])).toEqual([[`chn_us_${CHANNEL}`, key]]);
    const { values } = report.differences[0] as (typeof report.differences)[number];
    expect(values).toMatchObject({ eu: { value: "flipped" } });
    expect(values["us"]).toEqual(values["ap"]);
    await mesh.time.pass(1_000);
    expect(mesh.holding()).toEqual([]);
  });

  test("a register that one region lacks, and one that only it holds, are both named", async () => {
    mesh.region("us").write();
    await mesh.time.pass(100);
    const [key] = [...mesh.region("us").tables.registers.keys()];
    mesh.region("eu").tables.registers.delete(key ?? "");
    mesh.region("ap").tables.registers.set(`${CHANNEL}|body|ghost`, {
      ...[...mesh.region("us").tables.registers.values()][0]!,
      key: `${CHANNEL}|body|ghost`,
    });
    const { differences } = await verify();
    expect(
      differences.map(({ register, values }) => [
        register,
        Object.keys(values)
          .filter((region) => values[region] === null)
          .sort(),
      ]),
    ).toEqual(
      [
        [`${CHANNEL}|body|ghost`, ["eu", "us"]],
        [key, ["eu"]],
      ].sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
    );
  });

  test("one channel can be compared alone, by its shown id too", async () => {
    mesh.traffic();
    await mesh.time.pass(500);
    const whole = await verify();
    const one = await verify("us", { channel: `chn_us_${CHANNEL}` });
    expect([whole.equal, one.equal, one.regions["us"]?.events]).toEqual([true, true, expect.any(Number)]);
    const none = await verify("us", { channel: "d".repeat(26) });
    expect([none.equal, none.regions["us"]?.events]).toEqual([true, 0]);
  });
});

describe("H7, H13: a state that takes longer to read than a transaction may rest", () => {
  const MANY = 3_000;
  beforeEach(() => {
    for (const region of mesh.regions) region.holdMany(MANY);
    mesh.region("ap").turnMs = 2_000; // fifteen slices and more
    mesh.traffic();
  });

  test("is proved equal all the same: the transaction stays while somebody asks on, also where a region has long finished", async () => {
    await mesh.time.pass(500);
    const began = mesh.time.nowMs;
    const report = await verify();
    expect(mesh.time.nowMs - began).toBeGreaterThan(15_000);
    expect([report.equal, report.differences, Object.values(report.regions).map(({ why }) => why)]).toEqual([
      true,
      [],
      [undefined, undefined, undefined],
    ]);
    expect(Object.values(report.regions).every(({ events }) => events > MANY)).toBe(true);
    expect(mesh.regions.map(({ converged }) => converged)).toEqual([report.digest, report.digest, report.digest]);
    await mesh.time.pass(1_000);
    expect(mesh.holding()).toEqual([]);
  });

  test("a flipped byte at its very end is found and named", async () => {
    await mesh.time.pass(500);
    const key = `${CHANNEL}|body|old${String(MANY - 1).padStart(6, "0")}`;
    const { registers } = mesh.region("eu").tables;
    const register = registers.get(key)!;
    registers.set(key, { ...register, resolution: { ...register.resolution, value: "flipped" } });
    const report = await mesh.time.settled(mesh.region("us").verification.verify({}), 300_000);
    expect([report.equal, report.differences.map(({ register: found }) => found)]).toEqual([false, [key]]);
    await mesh.time.pass(1_000);
    expect(mesh.holding()).toEqual([]);
  });

  test("is let go of ten seconds after the last question when the asker dies in the middle", async () => {
    await mesh.time.pass(500);
    void mesh
      .region("us")
      .verification.verify({})
      .catch(() => undefined);
    await mesh.time.pass(8_000);
    expect(mesh.region("ap").snapshots).toBe(1);
    mesh.bus.cut("us", "eu");
    mesh.bus.cut("us", "ap");
    await mesh.time.pass(12_000);
    expect(mesh.holding()).toEqual([]);
  });
});

describe("H7: what is not there is said", () => {
  test("a region that is cut off: not equal, and why; the others are compared; nobody waits for it", async () => {
    mesh.traffic();
    await mesh.time.pass(500);
    mesh.cut("eu");
    const report = await verify();
    expect(report.equal).toBe(false);
    expect(report.regions["eu"]).toEqual({ digest: null, events: 0, why: "eu cannot be reached" });
    await mesh.time.pass(3_000);
    expect(mesh.holding()).toEqual([]);
  });

  test("a region that falls silent before anybody knows: the others are held no longer than the bound, and it frees itself", async () => {
    mesh.traffic();
    await mesh.time.pass(500);
    mesh.bus.cut("eu", "us");
    const report = await verify();
    expect(report.regions["eu"]?.why).toBe("eu cannot be reached");
    expect(report.equal).toBe(false);
    await mesh.time.pass(11_000);
    expect(mesh.holding()).toEqual([]);
    for (const region of mesh.regions) expect(region.longestHoldMs).toBeLessThanOrEqual(LIMITS.verifyHoldMs);
  });

  test("the asker dies at any moment: everybody frees themselves", async () => {
    for (const [round, afterMs] of [10, 45, 90, 130, 170, 210, 300].entries()) {
      mesh = new VerifyMesh(round + 1);
      mesh.traffic();
      await mesh.time.pass(500);
      void mesh
        .region("us")
        .verification.verify({})
        .catch(() => undefined);
      await mesh.time.pass(afterMs);
      mesh.bus.cut("us", "eu");
      mesh.bus.cut("us", "ap");
      await mesh.time.pass(15_000);
      expect(mesh.holding()).toEqual([]);
      for (const region of mesh.regions) expect(region.longestHoldMs).toBeLessThanOrEqual(LIMITS.verifyHoldMs);
    }
  });

  test("a region that has not what others have is behind; nobody waits for it longer than the bound", async () => {
    mesh.traffic();
    await mesh.time.pass(500);
    const stuck = mesh.region("ap");
    stuck.advanceTo = () => new Promise(() => {});
    const report = await verify();
    expect(report.regions["ap"]).toEqual({ digest: null, events: 0, why: "ap is behind" });
    expect([report.equal, report.regions["us"]?.digest === report.regions["eu"]?.digest, report.regions["us"]?.digest]).toEqual([
      false,
      true,
      expect.any(String),
    ]);
    expect(mesh.holding()).toEqual([]);
    expect(stuck.longestHoldMs).toBeLessThanOrEqual(LIMITS.verifyHoldMs);
  });

  test("a transaction that shows another vector than the common one is not believed", async () => {
    mesh.traffic();
    await mesh.time.pass(500);
    const careless = mesh.region("ap");
    const honest = careless.snapshot.bind(careless);
    careless.snapshot = async () => {
      for (const gate of careless.gates.values()) gate.release();
      careless.write();
      return honest();
    };
    expect((await verify()).regions["ap"]?.why).toBe("ap is behind");
    await mesh.time.pass(1_000);
    expect(mesh.holding()).toEqual([]);
  });

  test("H14: quarantine is named as such", async () => {
    mesh.traffic();
    await mesh.time.pass(500);
    mesh.region("eu").inQuarantine = 3;
    expect((await verify()).regions["eu"]?.why).toBe("eu quarantines 3");
  });
});

describe("verifies at the same time", () => {
  test("three askers at once: each gets its answer", async () => {
    mesh.traffic();
    await mesh.time.pass(500);
    const reports = await mesh.time.settled(Promise.all(REGIONS.map((name) => mesh.region(name).verification.verify({}))));
    expect(reports.map(({ equal, regions }) => [equal, Object.values(regions).map(({ why }) => why)])).toEqual(
      Array.from({ length: 3 }, () => [true, [undefined, undefined, undefined]]),
    );
    await mesh.time.pass(500);
    expect(mesh.holding()).toEqual([]);
  });
});
