/**
 * Keeps the fact *converged* (P2): when a heal has ended, and every half minute while all links are up, the regions' digests are compared at
 * one vector (H7). A region that lags is compared like all others: it is given some seconds to get there. Whoever asks tells all, so in the mean one region asks and the others only hear of it. The first by name asks first; the
 * others leave it a little time.
 */
import { LIMITS } from "../core/limits.ts";
import type { Timers } from "../core/ports/time.ts";
import type { Outcome } from "./verify-report.ts";

export interface ConvergenceOptions {
  readonly timers: Timers;
  readonly random: () => number;
  /** Place of this region among the names of all, from 0. */
  readonly turn: number;
  /** No link is cut off, and none is still healing: all regions may be at one vector within moments. */
  readonly allUp: () => boolean;
  readonly compare: () => Promise<Outcome>;
}

/** A look costs nothing; a heal that has ended is compared at once. */
const LOOK_MS = 100;
/** What each turn leaves to the one before it. */
const TURN_MS = 500;
/** Comparing takes at most one part in so many of the time. */
const SHARE = 100;
/** A busy mesh that has just healed is asked again soon; it costs each region a commit and the events of those moments once more. */
const RETRY_MS = { least: 250, most: 2_000 } as const;

export class Convergence {
  readonly #options: ConvergenceOptions;
  /** When to ask next; undefined while not all is up. */
  #dueMs: number | undefined;
  #retryMs: number = RETRY_MS.least;
  #comparing = false;

  constructor(options: ConvergenceOptions) {
    this.#options = options;
  }

  start(): () => void {
    const timer = this.#options.timers.every(LOOK_MS, () => this.#look());
    return () => timer.cancel();
  }

  /** All regions have been compared, by whoever asked: the next time is half a minute away, or more where reading the sums of a large state takes long. */
  compared(sumsMs: number): void {
    this.#retryMs = RETRY_MS.least;
    this.#wait(Math.max(LIMITS.verifyEveryMs, sumsMs * SHARE));
  }

  #look(): void {
    const { timers, allUp, turn } = this.#options;
    if (!allUp()) {
      this.#dueMs = undefined;
      this.#retryMs = RETRY_MS.least;
      return;
    }
    this.#dueMs ??= timers.monotonicMs() + turn * TURN_MS;
    if (this.#comparing || timers.monotonicMs() < this.#dueMs) return;
    this.#comparing = true;
    void this.#compare();
  }

  async #compare(): Promise<void> {
    const outcome = await this.#options.compare().catch((): Outcome => "undecided");
    this.#comparing = false;
    if (outcome === "equal" || outcome === "differs") {
      if ((this.#dueMs ?? 0) <= this.#options.timers.monotonicMs()) this.compared(0);
      return;
    }
    this.#wait(this.#retryMs);
    this.#retryMs = Math.min(RETRY_MS.most, this.#retryMs * 2);
  }

  #wait(ms: number): void {
    const { timers, random, turn } = this.#options;
    this.#dueMs = timers.monotonicMs() + ms * (1 + 0.2 * random()) + turn * TURN_MS;
  }
}
