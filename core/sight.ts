/**
 * What an origin had before its eyes when it accepted an event: all that `after` covers, and what the same command did before it in the same log
 * message (a creation invites members by the right it has just made).
 */
import type { Point, Position } from "./position.ts";
import { comparePoints, parsePoint } from "./position.ts";
import type { Entry } from "./register.ts";

/** What all these entries' origins saw; of none: everything that is here. */
export type Sight = readonly Entry[];
/** No origin to look through: all that is here. */
export const EVERYTHING: Sight = [];

interface Seeable {
  readonly position: Position;
  readonly command?: string;
}
/** Whether every one of them had applied `other`. */
export const sees = (sight: Sight, other: Seeable): boolean => sight.every((entry) => knew(entry, other));

/** Whether the origin had applied `other` when it accepted `entry`. */
function knew(entry: Entry, other: Seeable): boolean {
  const { position: at } = other;
  if (coversPoint(entry, at.origin, at)) return true;
  const { position: own } = entry;
  const sameMessage = own.origin === at.origin && own.epoch === at.epoch && own.sequence === at.sequence;
  return sameMessage && at.place < own.place && entry.command === other.command;
}

function coversPoint({ after }: Entry, origin: string, at: Point): boolean {
  const text = after[origin];
  const point = text === undefined ? undefined : parsePoint(text);
  return point !== undefined && comparePoints(point, at) >= 0;
}

/** What the entry's origin saw of this sight. Those who saw all that it saw add nothing. */
export const narrowed = (sight: Sight, entry: Entry): Sight => [...sight.filter((other) => !sawAllOf(other, entry)), entry].sort(byStamp);

/** Whether the origin of `other` had applied `entry`, and all that the origin of `entry` had. */
export function sawAllOf(other: Entry, entry: Entry): boolean {
  if (other === entry) return true;
  if (!knew(other, entry)) return false;
  for (const origin in entry.after) {
    const point = parsePoint(entry.after[origin] as string);
    if (point !== undefined && !coversPoint(other, origin, point)) return false;
  }
  return true;
}

const byStamp = (a: Entry, b: Entry): number => (a.stamp < b.stamp ? -1 : 1);
