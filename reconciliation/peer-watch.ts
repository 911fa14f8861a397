/** One peer as it is seen from here: its beats, its clock, how far its log is here and ours is there, and the state of the link (P2, P3, H6, H11). */
import type { Point } from "../core/position.ts";
import { parsePoint, START } from "../core/position.ts";
import type { Beat, Heard } from "./beat.ts";
import type { Link, LinkTiming } from "./link-state.ts";
import { distance, LINK_TIMING, reached, startLink, step } from "./link-state.ts";
import { Marks, same } from "./marks.ts";
import type { Reading } from "./peer-clock.ts";
import { PeerClock } from "./peer-clock.ts";

export interface Self {
  readonly region: string;
  readonly boot: string;
}

export class PeerWatch {
  readonly clock = new PeerClock();
  readonly #self: Self;
  readonly #timing: LinkTiming;
  #link: Link;
  #beat: Beat | undefined;
  /** Lives of the peer that have ended: their last beats may still be on the way. */
  #formerBoots: readonly string[] = [];
  #receivedMs = 0;
  /** When the freshest news was sent, in our time: by the peer, and of us to the peer. */
  #inMs: number | undefined;
  #outMs: number | undefined;
  /** Own stalls since then: a process that slept must not accuse (H11). */
  #inStallMs = 0;
  #outStallMs = 0;
  /** Where the peer's log was known to reach, and when we learned it. */
  readonly #heads = new Marks();
  /** What the peer called closed, and up to which time (H6). */
  readonly #closed = new Marks();
  #completeToMs: number | undefined;

  constructor(self: Self, nowMs: number, timing: LinkTiming = LINK_TIMING) {
    this.#self = self;
    this.#timing = timing;
    this.#link = startLink(nowMs);
  }

  get link(): Link {
    return this.#link;
  }
  get beat(): Beat | undefined {
    return this.#beat;
  }
  /** How long ago the last beat came in. */
  beatAgeMs(nowMs: number): number | undefined {
    return this.#beat === undefined ? undefined : nowMs - this.#receivedMs;
  }

  /** What the peer has applied of our log, as it last said. */
  get appliedThere(): Point {
    return parsePoint(this.#beat?.applied[this.#self.region] ?? "") ?? START;
  }
  get head(): Point {
    return this.#beat === undefined ? START : { epoch: this.#beat.epoch, sequence: this.#beat.head, place: 0 };
  }
  /** Everything of the peer's with a stamp up to here is here (H6); in the peer's own time. */
  get completeToMs(): number | undefined {
    return this.#completeToMs;
  }

  /** Takes a beat. Beats that a newer one has overtaken change nothing. Returns whether it was the newest. */
  hear(beat: Beat, now: Reading): boolean {
    if (this.#overtaken(beat, now.monoMs)) return false;
    if (this.#beat !== undefined && this.#beat.boot !== beat.boot)
      this.#formerBoots = [this.#beat.boot, ...this.#formerBoots.filter((boot) => boot !== beat.boot)].slice(0, 8);
    const echo = beat.heard[this.#self.region];
    const ours = echo?.boot === this.#self.boot ? echo : undefined;
    const sentMs = now.monoMs - this.clock.hear(beat, ours, now);
    this.#beat = beat;
    this.#receivedMs = now.monoMs;
    if (this.#inMs === undefined || sentMs > this.#inMs) {
      this.#inMs = sentMs;
      this.#inStallMs = 0;
    }
    if (ours !== undefined && (this.#outMs === undefined || sentMs - ours.silentMs > this.#outMs)) {
      this.#outMs = sentMs - ours.silentMs;
      this.#outStallMs = 0;
    }
    const head = this.head;
    if (this.#heads.last === undefined || !same(this.#heads.last, head)) this.#heads.add(head, now.monoMs);
    if (beat.closed.tMs > 0) this.#closed.add({ ...head, sequence: beat.closed.head }, beat.closed.tMs);
    return true;
  }

  /** Looks at the link. Returns the link as it was, when its state has changed. */
  look(nowMs: number, stallMs: number, applied: Point): Link | undefined {
    this.#inStallMs += stallMs;
    this.#outStallMs += stallMs;
    this.#completeToMs = this.#closed.reachedBy(applied) ?? this.#completeToMs;
    this.#closed.forget(applied);
    const before = this.#link;
    const view = { nowMs, silentMs: this.#silentMs(nowMs), behindMs: this.lagMs(nowMs, applied), applied, head: this.head };
    this.#link = step(before, view, this.#timing);
    return before.kind === this.#link.kind ? undefined : before;
  }

  lagEvents(applied: Point): number {
    return distance(applied, this.head);
  }

  /** For how long we have known of something that is still not here. */
  lagMs(nowMs: number, applied: Point): number {
    if (reached(applied, this.head)) this.#heads.forget(applied);
    const since = this.#heads.firstBeyond(applied);
    return since === undefined ? 0 : nowMs - since;
  }

  /** Our word about this peer for our next beat; nothing before it has been heard. */
  heard(nowMs: number): Heard | undefined {
    if (this.#beat === undefined || this.#inMs === undefined) return undefined;
    const { boot, n, monoMs } = this.#beat;
    return { boot, n, monoMs, agoMs: nowMs - this.#receivedMs, silentMs: Math.max(0, nowMs - this.#inMs - this.#inStallMs) };
  }

  /**
   * Of two lives the one heard last counts. Where we began to listen just as an older life's last beat came late, that is the wrong one; it
   * falls silent, and then the other is believed again.
   */
  #overtaken(beat: Beat, nowMs: number): boolean {
    if (this.#beat?.boot === beat.boot) return beat.n <= this.#beat.n;
    return this.#formerBoots.includes(beat.boot) && nowMs - this.#receivedMs <= this.#timing.silentMs;
  }

  #silentMs(nowMs: number): number | undefined {
    if (this.#inMs === undefined || this.#outMs === undefined) return undefined;
    return Math.max(0, nowMs - this.#inMs - this.#inStallMs, nowMs - this.#outMs - this.#outStallMs);
  }
}
