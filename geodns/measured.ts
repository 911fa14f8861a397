/**
 * Which region answers a block of clients quicker than another, from what clients measured. One region beats another by a clear margin only,
 * and having won it keeps winning by less: an average that moves around the threshold moves nobody.
 */
import { readNetwork } from "./address.ts";
import type { Client } from "./client.ts";
import { PrefixTree } from "./prefix-tree.ts";

/** One average, as gateways tell each other: by block ("198.51.100.0/24"), ASN ("AS64500") or country ("US"). */
export interface RoundTripRow {
  readonly key: string;
  readonly region: string;
  readonly ms: number;
  readonly samples: number;
  /** Different people among them, counted to a few. */
  readonly people: number;
}
interface Average {
  ms: number;
  samples: number;
  people: number;
}
export interface Measured {
  readonly key: string;
  readonly averages: ReadonlyMap<string, { readonly ms: number; readonly samples: number }>;
  /** "a b": a beats b. */
  readonly wins: ReadonlySet<string>;
}
export interface MeasuredTable {
  /** What is known of this client's block, else of its ASN, else of its country; and how many bits of the address that hangs on. */
  find(client: Client): { readonly measured: Measured | undefined; readonly bits: number };
  readonly rows: ReadonlyMap<string, Measured>;
}

const SAMPLES_LEAST = 20;
/** One household decides for its own block; for a whole network or country more people must agree. */
const PEOPLE_LEAST = 5;
const WIN = { share: 0.8, ms: 15 };
const KEEP = { share: 0.9, ms: 5 };

const NOTHING_MEASURED: MeasuredTable = { find: () => ({ measured: undefined, bits: 0 }), rows: new Map() };

const beats = (a: Average, b: Average, before: boolean): boolean => {
  const { share, ms } = before ? KEEP : WIN;
  return a.ms < b.ms * share && b.ms - a.ms > ms;
};

function averagesOf(rows: Iterable<RoundTripRow>): ReadonlyMap<string, ReadonlyMap<string, Average>> {
  const all = new Map<string, Map<string, Average>>();
  for (const { key, region, ms, samples, people } of rows) {
    const averages = all.get(key) ?? new Map<string, Average>();
    const sum = averages.get(region) ?? { ms: 0, samples: 0, people: 0 };
    const together = sum.samples + samples;
    averages.set(region, { ms: (sum.ms * sum.samples + ms * samples) / together, samples: together, people: sum.people + people });
    all.set(key, averages);
  }
  return all;
}

function winsOf(key: string, averages: ReadonlyMap<string, Average>, before: Measured | undefined): ReadonlySet<string> {
  const people = key.includes("/") ? 1 : PEOPLE_LEAST;
  const enough = [...averages].filter(([, average]) => average.samples >= SAMPLES_LEAST && average.people >= people);
  return new Set(
    enough.flatMap(([a, fast]) =>
      enough.flatMap(([b, slow]) => (a !== b && beats(fast, slow, before?.wins.has(`${a} ${b}`) === true) ? [`${a} ${b}`] : [])),
    ),
  );
}

/** The table after these rows of all gateways; `before` is the table that they replace. */
export function measuredFrom(rows: Iterable<RoundTripRow>, before: MeasuredTable = NOTHING_MEASURED): MeasuredTable {
  return tableOf([...averagesOf(rows)].map(([key, averages]) => ({ key, averages, wins: winsOf(key, averages, before.rows.get(key)) })));
}

/** One of a table's rows as plain data: its averages, and who wins, which hangs on tables before it. */
export type MeasuredRow = readonly [
  key: string,
  averages: readonly (readonly [region: string, ms: number, samples: number])[],
  wins: readonly string[],
];

/** The very table whose rows these are. */
export const measuredOf = (rows: readonly MeasuredRow[]): MeasuredTable =>
  tableOf(
    rows.map(([key, averages, wins]) => ({
      key,
      averages: new Map(averages.map(([region, ms, samples]) => [region, { ms, samples }])),
      wins: new Set(wins),
    })),
  );

function tableOf(rows: readonly Measured[]): MeasuredTable {
  const table = new Map<string, Measured>();
  const blocks = new PrefixTree<Measured>();
  let wide = false;
  for (const measured of rows) {
    const { key } = measured;
    table.set(key, measured);
    const network = key.includes("/") ? readNetwork(key) : undefined;
    if (network === undefined) wide = true;
    else blocks.put(network, measured);
  }
  if (table.size === 0) return NOTHING_MEASURED;
  return {
    rows: table,
    find: ({ address, place }) => {
      if (address === undefined) return { measured: undefined, bits: 0 };
      const { value, bits } = blocks.find(address);
      if (value !== undefined || !wide || place === undefined) return { measured: value, bits };
      const measured = table.get(`AS${place.asn}`) ?? table.get(place.country ?? "");
      return { measured, bits: Math.max(bits, place.bits) };
    },
  };
}
