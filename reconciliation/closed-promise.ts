/**
 * How far this region may call its time closed (H6). "Nothing of mine at or before T comes any more" must outlive the process that said it, also
 * where the wall clock has been set back before the next boot: so what may be promised is kept in the store first, a little ahead of the
 * present, and the next life's stamps begin above it (T1).
 */
import type { Stamp } from "../core/stamp.ts";
import { formatStamp, stampTimeMs } from "../core/stamp.ts";

/** A life begins at most this far ahead of its clock: far below the bound beyond which nobody follows it. */
const LEASE_MS = 2_000;
const RENEW_MS = 1_000;

export class ClosedPromise {
  readonly #region: string;
  /** Puts the stamp that the next life must begin above into the store, soon. */
  readonly #keep: (next: Stamp) => void;
  #wantedMs: number;
  #writingMs = 0;
  #keptMs: number;

  /** `kept`: by the lives before. It stands apart from the highest stamp, as a promise holds also where a wrong clock's stamps are given up (H8). */
  constructor(region: string, kept: Stamp | undefined, keep: (next: Stamp) => void) {
    this.#region = region;
    this.#keep = keep;
    this.#keptMs = kept === undefined ? 0 : stampTimeMs(kept);
    this.#wantedMs = this.#keptMs;
  }

  /** The closed time to say, at most `closedMs`. The next life may begin in the very millisecond that is kept. */
  upTo(closedMs: number): number {
    if (closedMs > this.#wantedMs - RENEW_MS) {
      this.#wantedMs = closedMs + LEASE_MS;
      this.#keep(formatStamp(this.#wantedMs, 0, this.#region));
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
