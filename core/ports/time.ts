/** Time is handed in, so that a whole mesh runs on a virtual clock. */
export interface Timer {
  cancel(): void;
}
export interface Timers {
  after(delayMs: number, run: () => void): Timer;
  every(periodMs: number, run: () => void): Timer;
  /** Milliseconds of a clock that never steps; its zero is arbitrary. */
  monotonicMs(): number;
}
