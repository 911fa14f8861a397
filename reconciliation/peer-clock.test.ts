import { describe, expect, test } from "vitest";
import type { Beat } from "./beat.ts";
import { PeerClock } from "./peer-clock.ts";

const NOW = 1_700_000_000_000;
/** A peer whose clock is `offsetMs` ahead and whose monotonic clock counts from another zero, `drift` faster than ours. */
class Peer {
  readonly clock = new PeerClock();
  readonly offsetMs: number;
  readonly drift: number;
  constructor(offsetMs = 0, drift = 0) {
    this.offsetMs = offsetMs;
    this.drift = drift;
  }
  /** A beat sent at `sentMs` that took `wayMs`, echoing one of ours that took `outMs` and was heard `agoMs` before. */
  beat(sentMs: number, wayMs: number, echo?: { readonly outMs: number; readonly agoMs: number }, boot = "a"): number {
    const monoMs = (sentMs + 77_000) * (1 + this.drift);
    const beat = { boot, wallMs: NOW + this.offsetMs + sentMs, monoMs } as Beat;
    const heard = echo && { boot: "us", n: 1, monoMs: sentMs - echo.agoMs - echo.outMs, agoMs: echo.agoMs, silentMs: 0 };
    const atMs = sentMs + wayMs;
    return this.clock.hear(beat, heard, { monoMs: atMs, wallMs: NOW + atMs });
  }
}

describe("H8: a peer's clock from its beats", () => {
  test("offset and round trip come from the quickest exchange, however slow the others were", () => {
    const peer = new Peer(300);
    peer.beat(1_000, 900, { outMs: 20, agoMs: 100 });
    expect(peer.clock.sample).toEqual({ offsetMs: -140, rttMs: 920 });
    peer.beat(2_000, 20, { outMs: 20, agoMs: 200 });
    peer.beat(3_000, 20, { outMs: 4_000, agoMs: 0 });
    expect(peer.clock.sample).toEqual({ offsetMs: 300, rttMs: 40 });
  });

  test("the error of a lopsided way is never more than half the round trip", () => {
    for (const [outMs, wayMs] of [
      [0, 400],
      [400, 0],
      [10, 90],
    ] as const) {
      const peer = new Peer(1_000);
      peer.beat(5_000, wayMs, { outMs, agoMs: 0 });
      const { offsetMs, rttMs } = peer.clock.sample ?? { offsetMs: Number.NaN, rttMs: 0 };
      expect(Math.abs(offsetMs - 1_000)).toBeLessThanOrEqual(rttMs / 2);
    }
  });

  test("ahead is proved by the first beat, without an echo, and never proved too great", () => {
    const peer = new Peer(3_600_000);
    peer.beat(0, 6_900);
    expect(peer.clock.aheadMs).toBe(3_593_100);
    peer.beat(250, 40);
    expect(peer.clock.aheadMs).toBe(3_599_960);
    expect(peer.clock.sample).toBeUndefined();
  });

  test("lateness does not look at wall clocks, and a beat held back for seconds shows them", () => {
    const peer = new Peer(-7_200_000);
    expect([peer.beat(0, 40), peer.beat(250, 60), peer.beat(500, 6_900), peer.beat(7_500, 40)]).toEqual([0, 20, 6_860, 0]);
  });

  test("an oscillator that runs 3 % off makes nobody late", () => {
    for (const drift of [0.03, -0.03]) {
      const peer = new Peer(0, drift);
      for (let sentMs = 0; sentMs < 600_000; sentMs += 250) expect(peer.beat(sentMs, 40)).toBeLessThan(1_000);
    }
  });

  test("a beat that was under way all through a long cut is late after it", () => {
    const peer = new Peer();
    for (let sentMs = 0; sentMs < 20_000; sentMs += 250) peer.beat(sentMs, 40);
    expect(peer.beat(20_000, 60_000)).toBe(59_960);
    expect(peer.beat(80_100, 40)).toBe(0);
  });

  test("another life of the peer is measured anew", () => {
    const peer = new Peer(500);
    peer.beat(1_000, 20, { outMs: 20, agoMs: 0 });
    peer.beat(9_000, 4_000, undefined, "b");
    expect([peer.clock.sample, peer.clock.aheadMs]).toEqual([undefined, -3_500]);
  });
});
