/**
 * The machine a region runs on: its clocks, its timers, and its deaths. Whatever a region waits for (a timer, an answer, a message) reaches it
 * through `Life`: after a crash nothing of the former life has any effect; while it is paused everything waits.
 */

import type { Timer, Timers } from "../../core/ports/time.ts";
import type { PhysicalClock } from "../../core/stamp.ts";
import type { Scheduler } from "./scheduler.ts";

export interface ClockFault {
  /** What the machine's wall clock says beyond true time when a process boots. A step in a running process changes nothing (T2). */
  skewMs: number;
  /** Extra milliseconds per true millisecond: 0.1 = 10 % fast. */
  drift: number;
}

/** Milliseconds since 1970 at virtual time 0. */
export const EPOCH_MS = Date.UTC(2026, 0, 5, 9);

/** One run of a region's process, from boot to crash. */
export class Life implements Timers, PhysicalClock {
  #ended = false;
  #paused = false;
  #backlog: (() => void)[] = [];
  readonly #bootMs: number;
  readonly #clock: ClockFault;
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler, clock: ClockFault) {
    this.#scheduler = scheduler;
    this.#clock = { ...clock };
    this.#bootMs = scheduler.nowMs;
  }

  /** True time of its boot. */
  get bootMs(): number {
    return this.#bootMs;
  }
  get ended(): boolean {
    return this.#ended;
  }
  get paused(): boolean {
    return this.#paused;
  }

  /** Runs something inside this life: now, at the end of its pause, or never. */
  deliver(run: () => void): void {
    if (this.#ended) return;
    if (this.#paused) this.#backlog.push(run);
    else run();
  }

  after(delayMs: number, run: () => void): Timer {
    let cancelled = false;
    this.#scheduler.after(delayMs, () =>
      this.deliver(() => {
        if (!cancelled) run();
      }),
    );
    return {
      cancel: () => {
        cancelled = true;
      },
    };
  }

  every(periodMs: number, run: () => void): Timer {
    let cancelled = false;
    const next = (): void => {
      this.after(periodMs, () => {
        if (cancelled) return;
        next();
        run();
      });
    };
    next();
    return {
      cancel: () => {
        cancelled = true;
      },
    };
  }

  /** Resolves inside this life after a while; never, when the life ends first. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve);
    });
  }

  monotonicMs(): number {
    return Math.floor(this.#elapsedMs()) + 1_000_000;
  }

  nowMs(): number {
    return EPOCH_MS + Math.floor(this.#bootMs + this.#elapsedMs()) + this.#clock.skewMs;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    const waiting = this.#backlog;
    this.#backlog = [];
    for (const run of waiting) this.#scheduler.after(0, () => this.deliver(run));
  }

  end(): void {
    this.#ended = true;
    this.#backlog = [];
  }

  #elapsedMs(): number {
    return (this.#scheduler.nowMs - this.#bootMs) * (1 + this.#clock.drift);
  }
}
