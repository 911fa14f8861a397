/** How often each region stood first, and by what. */
import type { Decision } from "./policy.ts";
import type { DecidedBy } from "./steering.ts";

export class DecisionCounts {
  readonly #counts = new Map<string, { readonly to: string; readonly by: DecidedBy; count: number }>();

  took({ steering: { candidates, by } }: Decision): void {
    const to = candidates[0]?.region.name;
    if (to === undefined) return;
    const key = `${by} ${to}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { to, by, count: 1 });
    else known.count += 1;
  }

  all(): Iterable<{ readonly to: string; readonly by: DecidedBy; readonly count: number }> {
    return this.#counts.values();
  }
}
