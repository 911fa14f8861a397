/** All that the policy knows beside the client, as an observer puts it together: the same object until something changes. */
import { measuredFrom, type RoundTripRow } from "../../geodns/measured.ts";
import type { Orders } from "../../geodns/orders.ts";
import { openOverrides } from "../../geodns/overrides.ts";
import type { GeoRegion, RegionHealth } from "../../geodns/region.ts";
import type { World } from "../../geodns/steering.ts";

/** Round trips that one gateway's clients measured. */
export interface MeasuredRows {
  /** Differs from every earlier one of the same gateway. */
  readonly version: number | string;
  readonly rows: readonly RoundTripRow[];
}
/** What is beside the regions' health. */
export interface WorldTables {
  readonly regions: readonly GeoRegion[];
  readonly orders: Orders;
  /** Of this gateway's own clients; absent where this is no gateway. */
  readonly own: MeasuredRows | undefined;
  /** Of the others', by region. */
  readonly trips: ReadonlyMap<string, MeasuredRows>;
}

export class ObservedWorld {
  readonly #followers = new Set<() => void>();
  #now: World;
  #isTelling = false;
  #ordersSeen = -1;
  #measuredSeen = "";

  constructor(regions: readonly GeoRegion[]) {
    this.#now = { regions, health: new Map() };
  }

  get now(): World {
    return this.#now;
  }

  /** Calls back after each turn in which the world became another, until what is returned is called. */
  follow(changed: () => void): () => void {
    this.#followers.add(changed);
    return () => this.#followers.delete(changed);
  }

  judged(region: string, health: RegionHealth): void {
    this.#become({ ...this.#now, health: new Map(this.#now.health).set(region, health) });
  }

  /** Takes in what is another than before. */
  take({ regions, orders, own, trips }: WorldTables): void {
    if (orders.version !== this.#ordersSeen || regions !== this.#now.regions)
      this.#become({ ...this.#now, regions, overrides: openOverrides(orders.overrides(regions.map(({ name }) => name))) });
    this.#ordersSeen = orders.version;
    const measured = `${own?.version} ${[...trips].map(([name, { version }]) => `${name} ${version}`).join()}`;
    if (measured === this.#measuredSeen) return;
    this.#measuredSeen = measured;
    const rows = [...(own?.rows ?? []), ...[...trips.values()].flatMap((one) => one.rows)];
    this.#become({ ...this.#now, measured: measuredFrom(rows, this.#now.measured) });
  }

  /** Who follows hears of a turn when all of it is judged: what it found of one region may not be told without what it found of another. */
  #become(now: World): void {
    this.#now = now;
    if (this.#isTelling || this.#followers.size === 0) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      for (const changed of this.#followers) changed();
    });
  }
}
