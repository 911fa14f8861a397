import { beforeEach, describe, expect, test } from "vitest";
import type { LinkState, PeerSync } from "../core/objects.ts";
import { beatText, readBeat } from "./beat.ts";
import type { Bus, VirtualTime } from "./links.test-model.ts";
import type { Home } from "./sync-board.test-model.ts";
import { NOW, REGIONS, SyncMesh } from "./sync-board.test-model.ts";

let mesh: SyncMesh;
let time: VirtualTime;
let bus: Bus;
const open = async (offsetsMs: Readonly<Record<string, number>> = {}): Promise<void> => {
  mesh = await SyncMesh.open(offsetsMs);
  ({ time, bus } = mesh);
};
const home = (region: string): Home => mesh.home(region);
const state = (region: string, peer: string): LinkState => mesh.state(region, peer);
const peerOf = (region: string, peer: string): PeerSync | undefined => mesh.peerOf(region, peer);
beforeEach(() => open());

describe("P2: what a region says of its links", () => {
  test("a mesh that has just started is healing, then live; nobody was called cut off", async () => {
    for (const region of REGIONS) {
      expect(home(region).board.sync().state).toBe("live");
      expect(home(region).changes.map(({ before, state }) => `${before}>${state}`)).toEqual(["healing>live", "healing>live"]);
      expect(home(region).syncs.every(({ state }) => state !== "cut-off")).toBe(true);
    }
  });

  test("a cut is seen within 2.5 s by both sides, dated to when the peer was last heard; a heal within 1 s", async () => {
    const cutMs = NOW + time.nowMs;
    bus.cut("us", "eu");
    const tookMs = await time.until(() => state("us", "eu") === "cut-off" && state("eu", "us") === "cut-off");
    expect(tookMs).toBeLessThan(2_500);
    expect([state("us", "ap"), state("ap", "eu"), home("us").board.sync().state]).toEqual(["live", "live", "cut-off"]);
    expect(Math.abs((home("us").changes.at(-1)?.sinceMs ?? 0) - cutMs)).toBeLessThan(600);
    bus.heal();
    expect(await time.until(() => state("us", "eu") === "live" && state("eu", "us") === "live")).toBeLessThan(1_000);
    expect(
      home("us")
        .changes.slice(-3)
        .map((change) => change.state),
    ).toEqual(["cut-off", "healing", "live"]);
  });

  test("regions may be compared when nobody is cut off or still takes in what a cut held back: also by one whose own links were never cut", async () => {
    const may = (): readonly boolean[] => REGIONS.map((region) => home(region).board.allUp());
    expect(may()).toEqual([true, true, true]);
    bus.cut("us", "eu");
    await time.until(() => state("us", "eu") === "cut-off" && state("eu", "us") === "cut-off");
    await time.pass(500);
    expect(may()).toEqual([false, false, false]);
    home("us").head = 10;
    home("ap").has("us", 10);
    await time.pass(500);
    bus.heal();
    await time.until(() => state("us", "eu") === "live" && state("eu", "us") === "healing");
    await time.pass(2_000);
    expect([home("ap").board.sync().state, ...may()]).toEqual(["live", false, false, false]);
    home("eu").has("us", 10);
    expect(await time.until(() => may().every((one) => one))).toBeLessThan(600);
  });

  test("H11: a link cut one way only is cut off on both sides", async () => {
    bus.cutWays.add("us>eu");
    await time.pass(4_900);
    expect([state("us", "eu"), state("eu", "us")]).toEqual(["cut-off", "cut-off"]);
    expect(home("ap").board.sync().state).toBe("live");
  });

  test("H11: a process that slept accuses nobody, and is accused itself only while it slept", async () => {
    await time.stall(10_000);
    await time.pass(3_000);
    for (const region of REGIONS) expect(home(region).changes.filter((change) => change.state === "cut-off")).toEqual([]);
  });

  test("H8: beats that come late prove nothing: a pipe that hands over what was sent 7 s ago is no link", async () => {
    bus.wayMs = 6_900;
    await time.pass(12_000);
    for (const region of REGIONS) {
      const { board, changes } = home(region);
      expect(board.facts().map(({ beatAgeMs }) => (beatAgeMs ?? 999) < 500)).toEqual([true, true]);
      expect(changes.map(({ before, state }) => `${before}>${state}`).slice(2)).toEqual(["live>cut-off", "live>cut-off"]);
    }
    bus.wayMs = 40;
    await time.pass(1_500);
    for (const region of REGIONS) expect(home(region).board.sync().state).toBe("live");
  });

  test("healing counts down to where the peer was at link-up, then live, though the peer goes on", async () => {
    bus.cut("us", "eu");
    await time.pass(3_000);
    home("eu").head = 100;
    home("ap").has("eu", 100);
    bus.heal();
    await time.until(() => state("us", "eu") === "healing");
    expect(peerOf("us", "eu")).toMatchObject({ done: 0, total: 100, lagEvents: 100 });
    home("us").has("eu", 60);
    home("eu").head = 130;
    await time.pass(500);
    expect(peerOf("us", "eu")).toMatchObject({ state: "healing", done: 60, total: 100, lagEvents: 70 });
    home("us").has("eu", 100);
    await time.pass(500);
    expect(state("us", "eu")).toBe("live");
  });

  test("more than a second behind is lagging, caught up is live again", async () => {
    home("eu").head = 5;
    home("ap").has("eu", 5);
    await time.pass(1_000);
    expect(state("us", "eu")).toBe("live");
    await time.pass(750);
    expect(peerOf("us", "eu")).toMatchObject({ state: "lagging", lagEvents: 5 });
    expect(peerOf("us", "eu")?.lagMs).toBeGreaterThan(1_000);
    home("us").has("eu", 5);
    await time.pass(250);
    expect(peerOf("us", "eu")).toMatchObject({ state: "live", lagEvents: 0, lagMs: 0 });
  });

  test("a region that starts into a cut says so after its grace, and a restarted peer is heard as a new one", async () => {
    bus.cut("us", "eu");
    bus.cut("us", "ap");
    home("us").stop();
    await time.pass(1_000);
    mesh.start("us", "us-2");
    await time.pass(3_500);
    expect(home("us").board.sync().state).toBe("healing");
    await time.pass(1_500);
    expect(home("us").board.sync().state).toBe("cut-off");
    bus.heal();
    await time.pass(2_000);
    for (const region of REGIONS) expect(home(region).board.sync().state).toBe("live");
  });

  test("listeners hear each change, and each second while not live, and nothing while all is well", async () => {
    const { syncs } = home("us");
    const before = syncs.length;
    await time.pass(5_000);
    expect(syncs).toHaveLength(before);
    bus.cut("us", "eu");
    await time.pass(10_000);
    expect(syncs.length - before).toBeGreaterThanOrEqual(7);
    expect(syncs.length - before).toBeLessThanOrEqual(11);
  });
});

describe("P3, H6: complete to", () => {
  test("an idle peer's time advances with every beat", async () => {
    await time.pass(5_000);
    const completeTo = Date.parse(peerOf("us", "eu")?.completeTo ?? "");
    expect(NOW + time.nowMs - completeTo).toBeLessThan(700);
    expect(home("us").board.watermark("c").complete["eu"]).toBe(peerOf("us", "eu")?.completeTo);
  });

  test("what is closed counts only when the log is here up to it", async () => {
    home("eu").head = 3;
    await time.pass(1_000);
    const stuck = Date.parse(peerOf("us", "eu")?.completeTo ?? "");
    await time.pass(3_000);
    expect(Date.parse(peerOf("us", "eu")?.completeTo ?? "")).toBe(stuck);
    home("us").has("eu", 3);
    await time.pass(250);
    expect(NOW + time.nowMs - Date.parse(peerOf("us", "eu")?.completeTo ?? "")).toBeLessThan(700);
  });

  test("a stamp in flight keeps the time before it open", async () => {
    home("eu").openMs = NOW + time.nowMs;
    await time.pass(3_000);
    expect(Date.parse(peerOf("us", "eu")?.completeTo ?? "")).toBeLessThan(home("eu").openMs ?? 0);
  });

  test("replicatedTo is what every peer has said to hold, through a long cut too", async () => {
    const replicated = (): number => Date.parse(home("us").board.watermark("c").replicatedTo ?? "");
    await time.pass(1_000);
    expect(NOW + time.nowMs - replicated()).toBeLessThan(1_000);
    bus.cut("us", "eu");
    for (let n = 1; n <= 400; n += 1) {
      home("us").head = n;
      home("ap").has("us", n);
      await time.pass(500);
    }
    const atCut = replicated();
    expect(atCut).toBeLessThan(NOW + 5_000);
    bus.heal();
    home("eu").has("us", 200);
    await time.pass(1_000);
    expect(replicated()).toBeGreaterThan(NOW + 90_000);
    expect(replicated()).toBeLessThan(NOW + 110_000);
    home("eu").has("us", 400);
    await time.pass(1_000);
    expect(NOW + time.nowMs - replicated()).toBeLessThan(1_500);
  });
});

describe("what goes with it", () => {
  test("a region that drains is not offered", () => {
    home("us").draining = true;
    expect(home("us").board.offered()).toEqual({ ok: false, why: "draining" });
  });

  test("P2: converged is a fact that a cut clears, and nothing but a comparison sets", async () => {
    const { board } = home("us");
    expect(board.sync().converged).toBeNull();
    board.setConverged("d".repeat(64), NOW);
    expect(board.sync().converged).toEqual({ at: "2023-11-14T22:13:20.000Z", digest: "d".repeat(64) });
    bus.cut("us", "eu");
    await time.pass(3_000);
    expect(board.sync().converged).toBeNull();
    board.setConverged("d".repeat(64), NOW);
    expect(board.sync().converged).toBeNull();
  });

  test("A4: a beat that speaks for another region, or is none, is not heard", () => {
    const good = {
      v: 1,
      region: "eu",
      boot: "b",
      bootMs: 1,
      n: 1,
      wallMs: 1,
      monoMs: 0.5,
      epoch: 1,
      head: 0,
      applied: {},
      closed: { tMs: 1, head: 0 },
      heard: {},
      presence: { boot: "b", version: 0 },
      clockOk: true,
    } as const;
    expect(readBeat("eu", beatText(good))).toEqual(good);
    expect(readBeat("eu", JSON.stringify({ ...good, later: 1 }))).toBeDefined();
    expect(readBeat("ap", beatText(good))).toBeUndefined();
    for (const bad of [
      { v: 2 },
      { n: -1 },
      { head: "7" },
      { applied: { us: "x" } },
      { wallMs: 1e300 },
      { heard: { us: {} } },
      { heard: { us: { boot: "b", n: 1, monoMs: 0, agoMs: -1, silentMs: 0 } } },
    ])
      expect(readBeat("eu", JSON.stringify({ ...good, ...bad }))).toBeUndefined();
    expect(readBeat("eu", "nonsense")).toBeUndefined();
  });
});
