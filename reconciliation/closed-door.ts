/** Why a region takes no command now: it is being stopped, or its store takes no rows. A cut is no reason (P1). */
import { Refusal } from "../core/errors.ts";
import type { Committer } from "./committer.ts";

export function closedDoor(draining: boolean, { refusing, full }: Committer): Refusal | undefined {
  if (draining) return new Refusal("unavailable", "This region is being stopped.", { hint: "Use another region.", retryAfterS: 1 });
  if (!refusing && !full) return undefined;
  return new Refusal("unavailable", "This region's store takes no rows right now; reads go on.", {
    hint: "Send again with the same Idempotency-Key, here or in another region.",
    retryAfterS: 2,
  });
}
