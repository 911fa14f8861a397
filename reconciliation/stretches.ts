/** Stretches of one origin's stamps that have been witnessed, joined where they touch or nearly touch. */
import type { Stamp } from "../core/stamp.ts";
import { stampTimeMs } from "../core/stamp.ts";

export interface Stretch {
  /** Both inclusive. */
  readonly from: Stamp;
  readonly to: Stamp;
}

export class Stretches {
  readonly #nearMs: number;
  #stretches: readonly Stretch[] = [];

  /** `nearMs`: a gap no longer than this does not part two stretches. */
  constructor(nearMs: number) {
    this.#nearMs = nearMs;
  }

  covers(stamp: Stamp): boolean {
    return this.hold(stamp, stamp);
  }

  /** Whether one stretch holds all from the one to the other. */
  hold(first: Stamp, last: Stamp): boolean {
    return this.#stretches.some(({ from, to }) => from <= first && last <= to);
  }

  /** Where the stretch begins that `stamp` lies in or shortly after. */
  continued(stamp: Stamp): Stamp | undefined {
    return this.#stretches.find(({ from, to }) => from <= stamp && stampTimeMs(stamp) - stampTimeMs(to) <= this.#nearMs)?.from;
  }

  add(stretch: Stretch): void {
    const joined: Stretch[] = [];
    let { from, to } = stretch;
    for (const other of this.#stretches) {
      if (other.from > to || other.to < from) joined.push(other);
      else {
        from = other.from < from ? other.from : from;
        to = other.to > to ? other.to : to;
      }
    }
    this.#stretches = [...joined, { from, to }];
  }
}
