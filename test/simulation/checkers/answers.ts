/** C12: a region that is not itself broken answers at local speed, however cut off it is. */
import type { Operation } from "../history.ts";
import { Violation } from "../violation.ts";

const LOCAL_MS = 400;

export function answeredInTime(operations: readonly Operation[]): void {
  for (const { user, command, attempts } of operations)
    for (const { healthy, fromMs, toMs, outcome, region } of attempts)
      if (healthy && (outcome === "unknown" || toMs - fromMs > LOCAL_MS))
        throw new Violation(
          "C12",
          `${region} was well and took ${(toMs - fromMs).toFixed(0)} ms for ${command.kind} ${command.id} of ${user}: ${outcome}`,
        );
}
