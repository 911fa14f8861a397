/**
 * Until when a region must not answer (S6, L2): its store was lost, or is older than what the region had shown to people, and a channel that it
 * has read before would be called unknown. Everything comes back by the normal road; this only says when it has.
 *
 *   what it remembers   own events beyond the store name, in `after`, what of every peer had been applied when they were made
 *   what lies here      what the mirrors on this region's own disks held at the start: a store that held nothing waits for all of it, any other
 *                       for a moment only, as a store is never more than moments behind what people were shown
 *   what peers say      a store that held nothing also waits, where a peer can be heard, for what that one's log held at its first beat
 *
 * Waiting for peers is not allowed (P1): of a peer that is cut off only what lies here is waited for, and where nothing moves at all for a while
 * the region answers with what it has.
 */
import { LIMITS } from "../core/limits.ts";
import type { TableReader } from "../core/ports/state-store.ts";
import type { Timer, Timers } from "../core/ports/time.ts";
import type { Point, Vector } from "../core/position.ts";
import { comparePoints, START } from "../core/position.ts";
import { distance, reached } from "./link-state.ts";

export interface RefillOptions {
  readonly peers: readonly string[];
  /** The store held nothing, or was being filled when the region died: it is new, or it was lost. */
  readonly blank: boolean;
  readonly remembered: Vector;
  readonly applied: () => Vector;
  /** How far this region's own copy of a peer's log reaches; may reject while the log server is away. */
  readonly mirrorHead: (peer: string) => Promise<Point>;
  readonly isCutOff: (peer: string) => boolean;
  readonly timers: Timers;
  /** Called once, unless nothing was to be waited for; with how many messages never came. */
  readonly ended: (missing: number) => void;
}

type Facts = TableReader & { put(table: "facts", key: string, value: unknown): void };
const FILLING = "filling";

/**
 * Whether the store is one that the region has ever answered from. One that held nothing is marked until it is whole: a region that dies meanwhile
 * leaves a store with some things in it, and would take it for its own.
 */
export class Filling {
  readonly #tables: Facts;
  readonly isDue: boolean;

  constructor(tables: Facts, blank: boolean) {
    this.#tables = tables;
    this.isDue = blank || tables.get("facts", FILLING) === true;
    if (this.isDue) tables.put("facts", FILLING, true);
  }

  done(): void {
    if (this.isDue) this.#tables.put("facts", FILLING, false);
  }
}

/** Log messages of peers. */
export interface RefillProgress {
  readonly done: number;
  readonly total: number;
}

/** Nothing of any peer has been applied for this long: what is missing can be had from nobody. */
const STALLED_MS = 15_000;
/** For how long a region whose store is there waits for mirrors that may hold more than it had ever shown. */
const MOMENT_MS = 1_000;

interface Waiting {
  readonly peer: string;
  readonly from: Point;
  /** Where this peer's log must be applied up to. */
  target: Point;
  /** What of it lies here; undefined until it is known. */
  here: Point | undefined;
  asking: boolean;
  heard: boolean;
  /** Not longer than this (monotonic). */
  readonly untilMs: number;
}

export class Refill {
  readonly #options: RefillOptions;
  #waiting: readonly Waiting[];
  #seen = 0;
  #movedMs: number;
  readonly #looking: Timer;

  constructor(options: RefillOptions) {
    const { peers, blank, remembered, applied, timers } = options;
    this.#options = options;
    this.#movedMs = timers.monotonicMs();
    this.#waiting = peers.map((peer): Waiting => {
      const from = applied()[peer] ?? START;
      const target = remembered[peer] ?? START;
      const isBehind = blank || comparePoints(from, target) < 0;
      const untilMs = isBehind ? Number.POSITIVE_INFINITY : this.#movedMs + MOMENT_MS;
      return { peer, from, target, here: undefined, asking: false, heard: !blank, untilMs };
    });
    this.#looking = options.timers.every(LIMITS.beatMs, () => this.#look());
    if (this.#waiting.length === 0) this.close();
    else this.#look();
  }

  /** A beat of a peer: where its log reaches. */
  heard(peer: string, head: Point): void {
    const one = this.#waiting.find((waiting) => waiting.peer === peer);
    if (one === undefined) return;
    if (!one.heard) one.target = later(one.target, head);
    one.heard = true;
    this.#look();
  }

  close(): void {
    this.#looking.cancel();
  }

  /** What is still to come before the region may answer; undefined when nothing is. */
  get left(): RefillProgress | undefined {
    return this.#waiting.length === 0 ? undefined : this.#progress();
  }

  #look(): void {
    if (this.#waiting.length === 0) return;
    for (const one of this.#waiting) this.#askForMirror(one);
    const nowMs = this.#options.timers.monotonicMs();
    this.#waiting = this.#waiting.filter((one) => !this.#isThere(one) && nowMs <= one.untilMs);
    if (this.#waiting.length === 0) {
      this.#end(0);
      return;
    }
    const done = this.#done();
    if (done !== this.#seen) {
      this.#seen = done;
      this.#movedMs = nowMs;
    } else if (nowMs - this.#movedMs > STALLED_MS) {
      const { done: came, total } = this.#progress();
      this.#waiting = [];
      this.#end(total - came);
    }
  }

  #end(missing: number): void {
    this.close();
    this.#options.ended(missing);
  }

  #isThere({ peer, target, here, heard }: Waiting): boolean {
    const applied = this.#options.applied()[peer] ?? START;
    if (here === undefined || !reached(applied, here)) return false;
    return this.#options.isCutOff(peer) || (heard && reached(applied, target));
  }

  #askForMirror(one: Waiting): void {
    if (one.here !== undefined || one.asking) return;
    one.asking = true;
    this.#options.mirrorHead(one.peer).then(
      (head) => {
        one.asking = false;
        const isAll = this.#options.blank || one.untilMs < Number.POSITIVE_INFINITY;
        // One that is behind what it remembers waits for no more than that.
        one.here = isAll || comparePoints(head, one.target) < 0 ? head : one.target;
        if (isAll) one.target = later(one.target, head);
        this.#look();
      },
      () => {
        one.asking = false;
      },
    );
  }

  #done(): number {
    const applied = this.#options.applied();
    return this.#waiting.reduce((sum, { peer, from }) => sum + distance(from, applied[peer] ?? START), 0);
  }

  #progress(): RefillProgress {
    const applied = this.#options.applied();
    let done = 0;
    let total = 0;
    for (const { peer, from, target } of this.#waiting) {
      const whole = distance(from, target);
      total += whole;
      done += whole - Math.min(whole, distance(applied[peer] ?? START, target));
    }
    return { done, total };
  }
}

const later = (a: Point, b: Point): Point => (comparePoints(a, b) >= 0 ? a : b);
