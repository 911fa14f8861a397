/**
 * What clients of one gateway measured, averaged by block, ASN and country. A client can say what it likes, so it is not trusted blindly: it
 * speaks for the address it is connected from only, once a minute, within what light allows, and moves an average by little.
 */
import { type Address, blockBits, masked, networkText } from "./address.ts";
import type { Place } from "./client.ts";
import { kilometres, leastRoundTripMs } from "./distance.ts";
import type { RoundTripRow } from "./measured.ts";
import type { GeoRegion } from "./region.ts";

export interface TripBookOptions {
  readonly regions: () => readonly GeoRegion[];
  /** Blocks, ASNs and countries kept; the longest unheard is forgotten. */
  readonly most?: number;
  readonly nowMs: () => number;
}
export interface Report {
  readonly user: string;
  readonly address: Address;
  readonly place: Place | undefined;
  /** Region -> ms, the least of a few tries. */
  readonly roundTrips: Readonly<Record<string, number>>;
}
interface Average {
  ms: number;
  samples: number;
  readonly people: Set<string>;
}

const MOST = 10_000;
const MS_LEAST = 0.05;
const MS_MOST = 10_000;
/** Weight of a new sample once there are some. */
const WEIGHT = 0.1;
/** A sample counts as at most so many times the average: one that is far out moves it little. */
const OUTLIER = 3;
const EACH_MS = 60_000;
const PEOPLE_COUNTED = 20;
/** Observers are told anew at most this often. */
const TOLD_EVERY_MS = 10_000;

export class TripBook {
  readonly #options: TripBookOptions;
  readonly #averages = new Map<string, Map<string, Average>>();
  readonly #lastOf = new Map<string, number>();
  #changed = false;
  #told: { readonly version: number; readonly rows: readonly RoundTripRow[] } = { version: 0, rows: [] };
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(options: TripBookOptions) {
    this.#options = options;
  }

  /** How many of the round trips were taken. */
  add({ user, address, place, roundTrips }: Report): number {
    const nowMs = this.#options.nowMs();
    if (nowMs - (this.#lastOf.get(user) ?? Number.NEGATIVE_INFINITY) < EACH_MS) return 0;
    const sound = this.#options.regions().flatMap((region) => {
      const ms = roundTrips[region.name];
      return ms !== undefined && isPossible(ms, region, place) ? [{ region: region.name, ms }] : [];
    });
    if (sound.length === 0) return 0;
    this.#remember(user, nowMs);
    const block = networkText({ address: masked(address, blockBits(address)), bits: blockBits(address) });
    const keys = [block, ...(place?.asn === undefined ? [] : [`AS${place.asn}`]), ...(place?.country === undefined ? [] : [place.country])];
    for (const key of keys) for (const { region, ms } of sound) this.#average(key, region, ms, user);
    this.#changed = true;
    return sound.length;
  }

  rows(): { readonly version: number; readonly rows: readonly RoundTripRow[] } {
    const nowMs = this.#options.nowMs();
    if (!this.#changed || nowMs - this.#toldMs < TOLD_EVERY_MS) return this.#told;
    const rows = [...this.#averages].flatMap(([key, byRegion]) =>
      [...byRegion].map(([region, { ms, samples, people }]) => ({
        key,
        region,
        ms: Math.round(ms * 100) / 100,
        samples,
        people: people.size,
      })),
    );
    this.#told = { version: this.#told.version + 1, rows };
    this.#toldMs = nowMs;
    this.#changed = false;
    return this.#told;
  }

  #average(key: string, region: string, ms: number, user: string): void {
    const byRegion = this.#averages.get(key) ?? new Map<string, Average>();
    this.#averages.delete(key);
    this.#averages.set(key, byRegion); // last heard stands last
    const average = byRegion.get(region) ?? { ms, samples: 0, people: new Set<string>() };
    byRegion.set(region, average);
    average.samples += 1;
    average.ms += (Math.min(ms, average.ms * OUTLIER) - average.ms) * Math.max(WEIGHT, 1 / average.samples);
    if (average.people.size < PEOPLE_COUNTED) average.people.add(user);
    const most = this.#options.most ?? MOST;
    if (this.#averages.size > most) this.#averages.delete(this.#averages.keys().next().value!);
  }

  #remember(user: string, nowMs: number): void {
    this.#lastOf.delete(user);
    this.#lastOf.set(user, nowMs);
    if (this.#lastOf.size > (this.#options.most ?? MOST)) this.#lastOf.delete(this.#lastOf.keys().next().value!);
  }
}

function isPossible(ms: number, region: GeoRegion, place: Place | undefined): boolean {
  if (!(ms >= MS_LEAST && ms <= MS_MOST)) return false;
  if (place?.latitude === undefined || place.longitude === undefined || region.latitude === undefined || region.longitude === undefined)
    return true;
  const km = kilometres(
    { latitude: place.latitude, longitude: place.longitude },
    { latitude: region.latitude, longitude: region.longitude },
  );
  // A database errs by hundreds of kilometres; a client that claims half the time of light does not err.
  return ms >= leastRoundTripMs(km) / 2;
}
