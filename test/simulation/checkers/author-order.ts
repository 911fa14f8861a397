/** L5: what one person asks of one region, one after the other, stands in its log in that order. */
import { comparePoints } from "../../../core/position.ts";
import type { Operation } from "../history.ts";
import { Violation } from "../violation.ts";
import type { EndState } from "./end-state.ts";

export function authorsInOrder({ operations, truth }: EndState): void {
  const placed = new Map(
    truth.map(({ event, position }) => [`${position.origin} ${event.actor} ${event.command}`, position]).reverse() as [
      string,
      (typeof truth)[number]["position"],
    ][],
  );
  const last = new Map<string, { readonly operation: Operation; readonly position: (typeof truth)[number]["position"] }>();
  for (const operation of [...operations].sort((a, b) => (a.attempts[0]?.fromMs ?? 0) - (b.attempts[0]?.fromMs ?? 0))) {
    const [first] = operation.attempts;
    // A command that had to be asked again may stand anywhere after its first try.
    if (first === undefined || operation.attempts.length > 1 || first.outcome !== "ok" || first.replayed) continue;
    const position = placed.get(`${first.region} ${operation.user} ${operation.command.id}`);
    if (position === undefined) continue;
    const stream = `${first.region} ${operation.user}`;
    const before = last.get(stream);
    if (before !== undefined && comparePoints(before.position, position) > 0)
      throw new Violation(
        "L5",
        `${operation.user} asked ${first.region} for ${before.operation.command.id} before ${operation.command.id}, and it stands after it`,
      );
    last.set(stream, { operation, position });
  }
}
