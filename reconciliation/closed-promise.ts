/**
 * How far this region may call its time closed (H6). "Nothing of mine at or before T comes any more" must outlive the process that said it, also
 * where the wall clock has been set back before the next boot: so what may be promised is kept in the store first, a little ahead of the
 * present, and the next life's stamps begin above it (T1). And a life that was killed may have had a message on its way to a slow log, which
 * lands after this one has begun: until it has, nothing new is promised.
 */
import type { Stamp } from "../core/stamp.ts";
import { formatStamp, stampTimeMs } from "../core/stamp.ts";

/** What a killed life had on its way has landed this long after the next one's start, or never will: far more than a slow disk takes, in ms. */
export const LANDING_MS = 2_000;

/** A life begins at most this far ahead of its clock: far below the bound beyond which nobody follows it. */
const LEASE_MS = 2_000;
const RENEW_MS = 1_000;

export interface ClosedPromiseParts {
  readonly region: string;
  /** By the lives before. It stands apart from the highest stamp, as a promise holds also where a wrong clock's stamps are given up (H8). */
  readonly kept: Stamp | undefined;
  /** Nothing of a former life is still on its way to the log. */
  readonly landed: () => boolean;
  /** Puts the stamp that the next life must begin above into the store, soon. */
  readonly keep: (next: Stamp) => void;
}

export class ClosedPromise {
  readonly #parts: ClosedPromiseParts;
  #wantedMs: number;
  #writingMs = 0;
  #keptMs: number;

  constructor(parts: ClosedPromiseParts) {
    this.#parts = parts;
    this.#keptMs = parts.kept === undefined ? 0 : stampTimeMs(parts.kept);
    this.#wantedMs = this.#keptMs;
  }

  /** The closed time to say, at most `closedMs`; 0: nothing new. The next life may begin in the very millisecond that is kept. */
  upTo(closedMs: number): number {
    if (!this.#parts.landed()) return 0;
    if (closedMs > this.#wantedMs - RENEW_MS) {
      this.#wantedMs = closedMs + LEASE_MS;
      this.#parts.keep(formatStamp(this.#wantedMs, 0, this.#parts.region));
    }
    return Math.max(0, Math.min(closedMs, this.#keptMs - 1)); // nothing kept yet: nothing is closed
  }

  /** A commit begins, with what was kept in it. */
  committing(): void {
    this.#writingMs = this.#wantedMs;
  }

  committed(): void {
    this.#keptMs = this.#writingMs;
  }
}
