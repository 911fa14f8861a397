/** How a store that follows the region is doing, in the words that all stores are shown by. */
import type { StoreHealth } from "../core/ports/store-health.ts";
import type { StoreFacts } from "../core/ports/store-modes.ts";

/** `name`: of the projection. Before the region runs nothing is known of it. */
export function followingHealth(name: string, facts: readonly StoreFacts[], nowMs: number): StoreHealth {
  const found = facts.find((one) => one.name === name);
  if (found === undefined) return { state: "degraded", sinceMs: nowMs, detail: "not asked yet" };
  const waiting = `${found.waiting} changes wait for it`;
  if (found.state === "live") return { state: "ok", detail: waiting };
  return { state: "degraded", sinceMs: nowMs - found.ageMs, detail: found.why === null ? waiting : `${waiting}; ${found.why}` };
}
