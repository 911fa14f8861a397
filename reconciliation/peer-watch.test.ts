import { expect, test } from "vitest";
import type { Beat } from "./beat.ts";
import { PeerWatch } from "./peer-watch.ts";

const beat = (boot: string, n: number): Beat => ({
  v: 1,
  region: "eu",
  boot,
  bootMs: 0,
  n,
  wallMs: n * 250,
  monoMs: n * 250,
  epoch: 1,
  head: 0,
  applied: {},
  closed: { tMs: 0, head: 0 },
  heard: { us: { boot: "us-2", n: 1, monoMs: 0, agoMs: 0, silentMs: 0 } },
  presence: { boot, version: 0 },
  clockOk: true,
});

test("P2: who begins to listen just as an older life's last beat comes late believes the living one again", () => {
  const watch = new PeerWatch({ region: "us", boot: "us-2" }, 0);
  const hear = (boot: string, n: number, atMs: number): boolean => watch.hear(beat(boot, n), { monoMs: atMs, wallMs: atMs });
  expect(hear("eu-2", 7, 0)).toBe(true);
  expect(hear("eu-1", 18, 10)).toBe(true);
  expect(hear("eu-2", 8, 250)).toBe(false);
  expect(hear("eu-2", 17, 2_500)).toBe(true);
  expect(hear("eu-1", 19, 2_510)).toBe(false);
});

test("H6: a peer that has begun anew, and promises nothing yet, leaves what it called closed so before", () => {
  const watch = new PeerWatch({ region: "us", boot: "us-2" }, 0);
  const hear = (boot: string, n: number, tMs: number): void => {
    watch.hear({ ...beat(boot, n), closed: { tMs, head: 0 } }, { monoMs: n * 250, wallMs: n * 250 });
    watch.look(n * 250, 0, { epoch: 1, sequence: 0, place: 0 });
  };
  hear("eu-1", 1, 5_000);
  hear("eu-2", 2, 0);
  expect(watch.completeToMs).toBe(5_000);
  hear("eu-2", 3, 9_000);
  expect(watch.completeToMs).toBe(9_000);
});
