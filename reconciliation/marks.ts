/**
 * Marks along a log: at this message, this time. A bounded list keeps what is needed to say later "everything up to T is here" (H6) or "the
 * first thing missing has been known since T". When it is full every second mark goes: what is said is then coarser, never too much.
 */
import type { Point } from "../core/position.ts";
import { reached } from "./link-state.ts";

interface Mark {
  readonly point: Point;
  readonly timeMs: number;
}

const MOST = 128;

export class Marks {
  #marks: Mark[] = [];

  /** A mark at or after all before it; at the same message the later time is kept. */
  add(point: Point, timeMs: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && same(last.point, point)) this.#marks.pop();
    this.#marks.push({ point, timeMs });
    if (this.#marks.length > MOST) this.#marks = this.#marks.filter((_, at) => at % 2 === 0 || at === this.#marks.length - 1);
  }

  /** The time of the last mark that `applied` has reached. */
  reachedBy(applied: Point): number | undefined {
    return this.#marks.findLast(({ point }) => reached(applied, point))?.timeMs;
  }

  /** The time of the first mark that `applied` has not reached. */
  firstBeyond(applied: Point): number | undefined {
    return this.#marks.find(({ point }) => !reached(applied, point))?.timeMs;
  }

  /** Forgets marks that have been reached. */
  forget(applied: Point): void {
    if (this.#marks.length > 0) this.#marks = this.#marks.filter(({ point }) => !reached(applied, point));
  }

  get last(): Point | undefined {
    return this.#marks.at(-1)?.point;
  }
}

export const same = (a: Point, b: Point): boolean => a.epoch === b.epoch && a.sequence === b.sequence;
