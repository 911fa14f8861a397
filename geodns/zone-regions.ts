/** The regions' own names in the zone, learnt anew whenever the list of regions is another. */
import type { GeoRegion } from "./region.ts";
import { wireName } from "./wire/records.ts";
import { regionName } from "./zone-records.ts";

const ENCODABLE = /^[A-Za-z0-9_-]{1,63}$/;

export interface NamedRegion {
  readonly owner: string;
  readonly region: GeoRegion;
}

export class ZoneRegions {
  readonly #gateway: string;
  readonly #regions: () => readonly GeoRegion[];
  /** The list is another from here on. */
  readonly #changed: () => void;
  readonly #named = new Map<string, NamedRegion>();
  #known: readonly GeoRegion[] = [];

  constructor(gateway: string, regions: () => readonly GeoRegion[], changed: () => void) {
    this.#gateway = gateway;
    this.#regions = regions;
    this.#changed = changed;
  }

  /** Throws where a region's name has no place in a domain name. */
  learn(): void {
    const now = this.#regions();
    if (now === this.#known) return;
    this.#known = now;
    this.#changed();
    this.#named.clear();
    for (const region of now) {
      if (!ENCODABLE.test(region.name)) throw new Error(`the region ${region.name} has no place in a domain name (at most 63 letters)`);
      const owner = regionName(region, this.#gateway);
      this.#named.set(wireName(owner), { owner, region });
    }
  }

  /** `name` as in a query (`wireName`). */
  at(name: string): NamedRegion | undefined {
    return this.#named.get(name);
  }
}
