/** Which regions each region of a simulation knows to be there: who joins later is told to the others one by one. */

export class Roster {
  readonly joiner: string | undefined;
  readonly #known: ReadonlyMap<string, Set<string>>;

  /** `joiner` knows everybody from its first moment; nobody knows it before they are told. */
  constructor(regions: readonly string[], joiner: string | undefined) {
    this.joiner = joiner;
    this.#known = new Map(
      regions.map((region) => [region, new Set(regions.filter((peer) => peer !== region && (region === joiner || peer !== joiner)))]),
    );
  }

  peersOf(region: string): readonly string[] {
    return [...(this.#known.get(region) ?? [])];
  }

  knows(region: string, peer: string): boolean {
    return this.#known.get(region)?.has(peer) === true;
  }

  /** This region hears of the joiner. */
  tell(region: string): void {
    if (this.joiner !== undefined) this.#known.get(region)?.add(this.joiner);
  }
}
