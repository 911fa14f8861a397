/** Who of the regions is still there: each is asked again and again, and one that stays silent for long is gone. A crash is restarted sooner than that. */

/** Who has not answered for so long will not. */
const GONE_MS = 15_000;
/** What was heard before a longer pause says nothing of now. */
const PAUSE_MS = 5_000;

export class RollCall {
  readonly #names: readonly string[];
  readonly #isThere: (name: string) => Promise<boolean>;
  readonly #nowMs: () => number;
  readonly #silentSince = new Map<string, number>();
  #calledMs = Number.NEGATIVE_INFINITY;

  /** `isThere` never rejects, and takes its own time to give a region up. */
  constructor(names: readonly string[], isThere: (name: string) => Promise<boolean>, nowMs = () => performance.now()) {
    this.#names = names;
    this.#isThere = isThere;
    this.#nowMs = nowMs;
  }

  /** Asks each once. `gone`: who has not answered any call for a quarter of a minute. */
  async call(): Promise<{ readonly there: readonly string[]; readonly gone: readonly string[] }> {
    const beganMs = this.#nowMs();
    if (beganMs - this.#calledMs > PAUSE_MS) this.#silentSince.clear();
    const answers = await Promise.all(this.#names.map(this.#isThere));
    const nowMs = this.#nowMs();
    this.#calledMs = nowMs;
    for (const [nth, name] of this.#names.entries())
      if (answers[nth]) this.#silentSince.delete(name);
      else if (!this.#silentSince.has(name)) this.#silentSince.set(name, beganMs);
    const gone = [...this.#silentSince].flatMap(([name, sinceMs]) => (nowMs - sinceMs > GONE_MS ? [name] : []));
    return { there: this.#names.filter((_, nth) => answers[nth]), gone };
  }
}
