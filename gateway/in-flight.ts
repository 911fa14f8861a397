/** What waits for its answer, by whichever door it came; a gateway that leaves waits for it, but not for ever (H10). */
import type { Timers } from "../core/ports/time.ts";

export class InFlight {
  #open = 0;
  #onNone: (() => void) | undefined;

  /** Returns what is called when it has been answered. */
  began(): () => void {
    this.#open += 1;
    return () => {
      this.#open -= 1;
      if (this.#open === 0) this.#onNone?.();
    };
  }

  none(timers: Timers, withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#open === 0) return resolve();
      const timer = timers.after(withinMs, resolve);
      this.#onNone = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}
