/** How long a person is kept waiting (H14). One command has one patience, from its arrival on, whatever it waits for meanwhile. */
import type { Refusal } from "../core/errors.ts";
import type { Timer, Timers } from "../core/ports/time.ts";

export class Patience {
  readonly #timer: Timer;
  #isOver = false;
  #giveUp: () => void = () => {};

  constructor(timers: Timers, lastsMs: number) {
    this.#timer = timers.after(lastsMs, () => {
      this.#isOver = true;
      this.#giveUp();
    });
  }

  /** Resolves with the promise, which never rejects; or is refused when the patience ends before. One wait at a time. */
  until(promise: Promise<unknown>, refusal: () => Refusal): Promise<void> {
    if (this.#isOver) return Promise.reject(refusal());
    return new Promise((resolve, reject) => {
      this.#giveUp = () => reject(refusal());
      void promise.then(() => resolve());
    });
  }

  end(): void {
    this.#timer.cancel();
  }
}
