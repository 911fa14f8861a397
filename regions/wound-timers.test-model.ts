/** Timers that a test winds by hand: nothing is ever due by itself, and `tick` runs what was last asked to run again and again. */
import type { Timers } from "../core/ports/time.ts";

export interface WoundTimers extends Timers {
  tick(): void;
}

export function woundTimers(): WoundTimers {
  let every: () => void = () => {};
  return {
    after: () => ({ cancel: () => {} }),
    every: (_, run) => {
      every = run;
      return { cancel: () => {} };
    },
    monotonicMs: () => 0,
    tick: () => every(),
  };
}
