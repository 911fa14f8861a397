/** How often each region stood first, and by what. */
import type { Decision } from "./policy.ts";
import type { DecidedBy } from "./steering.ts";

export interface Decided {
  readonly to: string;
  readonly by: DecidedBy;
  readonly count: number;
}

export class DecisionCounts {
  readonly #counts = new Map<string, { readonly to: string; readonly by: DecidedBy; count: number }>();

  took({ steering: { candidates, by } }: Decision): void {
    const to = candidates[0]?.region.name;
    if (to !== undefined) this.#add({ to, by, count: 1 });
  }

  all(): Iterable<Decided> {
    return this.#counts.values();
  }

  /** What was counted since this was asked last, and is forgotten here: for whoever adds it to theirs. */
  taken(): readonly Decided[] {
    const all = [...this.#counts.values()];
    this.#counts.clear();
    return all;
  }
  add(taken: readonly Decided[]): void {
    for (const decided of taken) this.#add(decided);
  }

  #add({ to, by, count }: Decided): void {
    const key = `${by} ${to}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { to, by, count });
    else known.count += count;
  }
}
