import { describe, expect, test } from "vitest";
import { formatStamp } from "../core/stamp.ts";
import type { Bus, VirtualTime } from "./links.test-model.ts";
import type { Home } from "./sync-board.test-model.ts";
import { NOW, REGIONS, SyncMesh } from "./sync-board.test-model.ts";

const HOUR = 3_600_000;
let mesh: SyncMesh;
let time: VirtualTime;
let bus: Bus;
const open = async (offsetsMs: Readonly<Record<string, number>> = {}): Promise<void> => {
  mesh = await SyncMesh.open(offsetsMs);
  ({ time, bus } = mesh);
};
const home = (region: string): Home => mesh.home(region);

describe("T2: clocks as beats show them", () => {
  test("eu boots an hour ahead: eu says so and is offered no more, the others measure it and stay offered", async () => {
    await open({ eu: HOUR });
    expect(Math.abs(home("eu").board.clockSkewMs() - HOUR)).toBeLessThan(100);
    expect(home("eu").board.offered()).toEqual({ ok: false, why: expect.stringMatching(/^its clock is 3\d+ ms ahead$/) });
    for (const region of ["us", "ap"]) {
      expect(Math.abs(home(region).board.clockSkewMs())).toBeLessThan(100);
      expect(home(region).board.offered().ok).toBe(true);
      expect(
        home(region)
          .board.facts()
          .map(({ peer, clockOk, clockAlarm }) => [peer, clockOk, clockAlarm]),
      ).toContainEqual(["eu", false, true]);
    }
    expect(REGIONS.flatMap((region) => home(region).witnessed)).toEqual([]);
  });

  test("rtt and offset come from the echo, whatever the delay", async () => {
    await open({ eu: 300 });
    const eu = home("us")
      .board.facts()
      .find(({ peer }) => peer === "eu");
    expect(eu?.rttMs).toBeCloseTo(80, 0);
    expect(eu?.offsetMs).toBeCloseTo(300, 0);
  });

  test("H8: after a cut both others witness eu's stretch at its first beat, before its tail", async () => {
    await open({ eu: HOUR });
    bus.cut("us", "eu");
    bus.cut("ap", "eu");
    await time.pass(5_000);
    home("eu").head = 1;
    const edit = formatStamp(NOW + HOUR + time.nowMs, 0, "eu");
    await time.pass(5_000);
    bus.heal();
    await time.pass(300);
    for (const region of ["us", "ap"]) {
      const [first, ...more] = home(region).witnessed;
      expect(more).toEqual([]);
      expect([first?.origin, first?.of, (first?.from ?? "") <= edit, edit <= (first?.to ?? "")]).toEqual(["eu", 3, true, true]);
    }
    expect(home("eu").witnessed).toEqual([]);
  });

  test("H8: a region an hour behind witnesses against nobody once a majority has told it", async () => {
    await open({ ap: -HOUR });
    home("us").head = 1;
    await time.pass(2_000);
    expect(home("ap").board.offered().ok).toBe(false);
    expect(Math.abs(home("ap").board.present.judgingMs() - NOW - time.nowMs)).toBeLessThan(100);
    expect(home("ap").witnessed).toEqual([]);
  });
});
