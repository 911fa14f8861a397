import { describe, expect, test } from "vitest";
import { START } from "../core/position.ts";
import type { Link, LinkKind, LinkView } from "./link-state.ts";
import { distance, healProgress, isUp, reached, startLink, step, TRANSITIONS, worstOf } from "./link-state.ts";

const at = (sequence: number, epoch = 1) => ({ epoch, sequence, place: 0 });
const view = (more: Partial<LinkView> = {}): LinkView => ({
  nowMs: 10_000,
  silentMs: 100,
  behindMs: 0,
  applied: at(5),
  head: at(5),
  ...more,
});
const link = (kind: LinkKind): Link => ({ kind, sinceMs: 0, ...(kind === "healing" ? { heal: { from: at(0), to: at(9) } } : {}) });

/** Every state under every look. */
const SILENT = { silentMs: 2_100 };
const table: readonly (readonly [LinkKind, string, Partial<LinkView>, LinkKind])[] = [
  ["starting", "silent beyond the grace", { silentMs: undefined }, "cut-off"],
  ["starting", "heard both ways", {}, "healing"],
  ["starting", "heard and far behind", { behindMs: 9_000, applied: at(0) }, "healing"],
  ["live", "silent", SILENT, "cut-off"],
  ["live", "a second behind", { behindMs: 1_001, head: at(9) }, "lagging"],
  ["live", "a beat behind", { behindMs: 300, head: at(9) }, "live"],
  ["live", "level", {}, "live"],
  ["lagging", "silent", SILENT, "cut-off"],
  ["lagging", "still half a second behind", { behindMs: 600, head: at(9) }, "lagging"],
  ["lagging", "caught up", {}, "live"],
  ["cut-off", "silent", SILENT, "cut-off"],
  ["cut-off", "heard one way only", { silentMs: undefined }, "cut-off"],
  ["cut-off", "heard both ways", {}, "healing"],
  ["healing", "silent", SILENT, "cut-off"],
  ["healing", "not yet where the peer was at link-up", { applied: at(8), head: at(50) }, "healing"],
  ["healing", "where the peer was at link-up, though it has gone on", { applied: at(9), head: at(50), behindMs: 5_000 }, "live"],
];
test.each(table)("P2, H11: %s, %s", (kind, _, more, next) => {
  expect(step(link(kind), view(more)).kind).toBe(next);
});

describe("P2: the machine", () => {
  test("decides every state under every signal, and silence always ends in a cut", () => {
    for (const row of Object.values(TRANSITIONS)) expect(row.silent).toBe("cut-off");
    for (const [kind, row] of Object.entries(TRANSITIONS))
      for (const next of Object.values(row)) expect([kind, next, TRANSITIONS[next] !== undefined]).toEqual([kind, next, true]);
  });

  test("nobody is accused during the grace after our own start", () => {
    const started = startLink(0);
    expect(step(started, view({ nowMs: 3_900, silentMs: undefined }))).toBe(started);
    expect(step(started, view({ nowMs: 3_900, silentMs: 3_000 }))).toBe(started);
    expect(step(started, view({ nowMs: 4_100, silentMs: undefined })).kind).toBe("cut-off");
  });

  test("a cut dates from when the peer was last heard, not from when that was noticed", () => {
    expect(step(link("live"), view(SILENT))).toEqual({ kind: "cut-off", sinceMs: 7_900 });
  });

  test("a heal counts from what was here at link-up to where the peer was then", () => {
    const healing = step(link("cut-off"), view({ applied: at(5), head: at(25) }));
    expect(healing).toEqual({ kind: "healing", sinceMs: 10_000, heal: { from: at(5), to: at(25) } });
    expect(healProgress(healing, at(5))).toEqual({ done: 0, total: 20 });
    expect(healProgress(healing, at(20))).toEqual({ done: 15, total: 20 });
    expect(healProgress(healing, at(90))).toEqual({ done: 20, total: 20 });
    expect(healProgress(link("live"), at(5))).toBeUndefined();
  });

  test("nothing changed: the same object comes back", () => {
    const live = link("live");
    expect(step(live, view())).toBe(live);
  });
});

test("H1: an epoch that has not begun here counts whole; an empty log is here", () => {
  expect([distance(at(5), at(9)), distance(at(5), at(7, 2)), distance(at(9, 2), at(5))]).toEqual([4, 7, 0]);
  expect([reached(START, at(0)), reached(START, at(1)), reached(at(3, 2), at(900))]).toEqual([true, false, true]);
});

test("P3: a region's state is the worst of its links", () => {
  expect(worstOf(["live", "lagging", "cut-off", "healing"])).toBe("cut-off");
  expect(worstOf(["live", "healing", "lagging"])).toBe("healing");
  expect(worstOf(["live", "lagging"])).toBe("lagging");
  expect(worstOf([])).toBe("live");
});

test("a link is up while it is live or lags: not before a heal has brought what the peer had", () => {
  expect((["live", "lagging", "healing", "cut-off"] as const).map(isUp)).toEqual([true, true, false, false]);
});
