/** How a store that follows the region is doing, in the words that all stores are shown by. */
import type { StoreHealth } from "../core/ports/store-health.ts";
import type { StoreFacts } from "../core/ports/store-modes.ts";

/** `name`: of the projection; shares that other processes bring count too, and the worst of them speaks. Before the region runs nothing is known. */
export function followingHealth(name: string, facts: readonly StoreFacts[], nowMs: number): StoreHealth {
  const found = facts.filter((one) => one.name === name || one.name.startsWith(`${name} `));
  if (found.length === 0) return { state: "degraded", sinceMs: nowMs, detail: "not asked yet" };
  const waiting = (one: StoreFacts): string =>
    one.name === name
      ? `${one.waiting} changes wait for it`
      : `${one.waiting} changes of share ${one.name.slice(name.length + 1)} wait for it`;
  const ill = found.filter(({ state }) => state !== "live").sort((a, b) => b.ageMs - a.ageMs)[0];
  if (ill === undefined) return { state: "ok", detail: found.map(waiting).join("; ") };
  return { state: "degraded", sinceMs: nowMs - ill.ageMs, detail: ill.why === null ? waiting(ill) : `${waiting(ill)}; ${ill.why}` };
}
