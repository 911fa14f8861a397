/** Standings of memberships that nothing can move any more, in memory. Bounded: what is forgotten is judged again. */
import type { Entry, RegisterKey } from "../core/register.ts";
import { readKey } from "../core/register.ts";
import type { Settled } from "../core/rights.ts";
import type { Standing } from "../core/versions.ts";

const MOST = 50_000;

export class SettledMemberships implements Settled {
  readonly #standings = new Map<string, Standing>();
  /** Whether all that the entry's origin had applied is here. */
  readonly #isWhole: (entry: Entry) => boolean;

  constructor(isWhole: (entry: Entry) => boolean) {
    this.#isWhole = isWhole;
  }

  get(key: RegisterKey, { stamp }: Entry): Standing | undefined {
    return this.#standings.get(`${key} ${stamp}`);
  }

  keep(key: RegisterKey, entry: Entry, standing: Standing): void {
    if (standing === "pending" || readKey(key).kind !== "member" || !this.#isWhole(entry)) return;
    if (this.#standings.size >= MOST) this.#standings.clear();
    this.#standings.set(`${key} ${entry.stamp}`, standing);
  }
}
