/** The process's own timers behind the port. */
import type { Timer, Timers } from "../core/ports/time.ts";

export function openRealTimers(): Timers {
  return {
    after: (delayMs, run): Timer => {
      const handle = setTimeout(run, delayMs);
      return { cancel: () => clearTimeout(handle) };
    },
    every: (periodMs, run): Timer => {
      const handle = setInterval(run, periodMs);
      return { cancel: () => clearInterval(handle) };
    },
    monotonicMs: () => performance.now(),
  };
}
