/**
 * While the region is drained, its open sockets are asked to go, some a second, each with the ranked list of where to: so many at once would
 * be a stampede on the others. Whoever comes meanwhile is asked to go elsewhere at the door. When no other region is up, nobody is moved.
 */
import type { SteeringDesk } from "../core/ports/steering.ts";
import type { Timers } from "../core/ports/time.ts";
import type { Recipient } from "./recipient.ts";

export interface MovingParts {
  readonly desk: SteeringDesk;
  readonly timers: Timers;
  readonly connections: () => readonly Recipient[];
  /** Told once a second while it goes on. */
  readonly told: (moved: number, left: number) => void;
}

const EVERY_MS = 250;
/** Without a rate all are gone within a minute, whatever their number. */
const WITHIN_S = 60;
const RATE_LEAST = 10;

export function moveSockets({ desk, timers, connections, told }: MovingParts): { readonly refuses: () => boolean; end(): void } {
  let moved = 0;
  let rate: number | undefined;
  let owed = 0;
  const timer = timers.every(EVERY_MS, () => {
    const order = desk.moving();
    if (order === undefined) {
      moved = 0;
      rate = undefined;
      return;
    }
    const here = connections().filter((connection) => connection.isOpen() && !connection.line.leaving);
    rate ??= Math.max(RATE_LEAST, Math.ceil(here.length / WITHIN_S));
    const ratePerSecond = order.ratePerSecond ?? rate;
    owed = Math.min(ratePerSecond, owed + (ratePerSecond * EVERY_MS) / 1_000);
    const batch = here.slice(0, Math.floor(owed));
    owed -= batch.length;
    moved += batch.length;
    for (const { line } of batch) line.leave("drain");
    const left = here.length - batch.length;
    desk.moves({ ratePerSecond, moved, left });
    if (batch.length > 0) told(moved, left);
  });
  return { refuses: () => desk.moving() !== undefined, end: () => timer.cancel() };
}
