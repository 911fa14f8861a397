/** Time is handed in, so that a whole mesh runs on a virtual clock. */

/** Something that is due. Cancelling what has run, or was cancelled, changes nothing. */
export interface Timer {
  cancel(): void;
}
/** Delays and periods in ms. Nothing runs before the call has returned; a real timer may fire a little early by `monotonicMs`. */
export interface Timers {
  after(delayMs: number, run: () => void): Timer;
  every(periodMs: number, run: () => void): Timer;
  /** Milliseconds of a clock that never steps; its zero is arbitrary. */
  monotonicMs(): number;
}
