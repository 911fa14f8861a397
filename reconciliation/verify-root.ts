/**
 * The root of a state (D9, S5, H7): one hash over all registers, equal where states are equal. It can be had in two ways that give the same:
 * `light` from the sums that are kept with every change, `full` from the stored registers themselves, which also finds what no sum shows: a
 * byte that has changed on the disk. Only registers enter: no positions, presence, witnesses, quarantine.
 *
 * A sum is no proof against somebody who forges (birthday attack), so `full` also gives a proof: SHA-256 chained over every register's bytes,
 * its value included, in the order of keys.
 */
import { canonical } from "../core/canonical.ts";
import { bucketOf, registerBytes } from "../core/digest.ts";
import type { HashSum } from "../core/hash.ts";
import { addHash, EMPTY_SUM, sha256 } from "../core/hash.ts";
import type { TableName, TableReader, Tables } from "../core/ports/state-store.ts";
import { keysUnder } from "../core/ports/state-store.ts";
import type { Register } from "../core/register.ts";
import { readKey } from "../core/register.ts";

export interface Bucket {
  /** "<channel>|<bucket>". */
  readonly name: string;
  readonly sum: HashSum;
  /** Empty where the sums were taken from the table. */
  readonly proof: string;
}
export interface StateRoot {
  readonly digest: string;
  readonly proof: string;
  /** Events that the registers have taken; 0 where they were not read. */
  readonly events: number;
  /** Ascending by name, none of them empty. */
  readonly buckets: readonly Bucket[];
}
export type RootMode = "full" | "light";

export interface ReadOptions {
  readonly mode: RootMode;
  /** Identity of the only channel to look at. */
  readonly channel?: string | undefined;
  /** Gives others their turn between two slices; rejects when there is no more time. */
  readonly pause: () => Promise<void>;
}

/** Rows read before others get their turn: a few milliseconds. */
const SLICE = 200;

export async function stateRoot(tables: TableReader, { mode, channel, pause }: ReadOptions): Promise<StateRoot> {
  return mode === "full" ? fullRoot(tables, channel, pause) : lightRoot(tables, channel, pause);
}

async function lightRoot(tables: TableReader, channel: string | undefined, pause: () => Promise<void>): Promise<StateRoot> {
  const buckets: Bucket[] = [];
  for (let page = firstPage(tables, "digests", channel); page.length > 0; page = nextPage(tables, "digests", channel, page)) {
    for (const [name, sum] of page) if (sum !== EMPTY_SUM) buckets.push({ name, sum, proof: "" });
    await pause();
  }
  return rootOf(buckets, 0);
}

async function fullRoot(tables: TableReader, channel: string | undefined, pause: () => Promise<void>): Promise<StateRoot> {
  const buckets = new Map<string, Bucket>();
  let events = 0;
  for (let page = firstPage(tables, "registers", channel); page.length > 0; page = nextPage(tables, "registers", channel, page)) {
    for (const [key, register] of page) {
      const name = bucketName(key, register);
      const { sum, proof } = buckets.get(name) ?? { sum: EMPTY_SUM, proof: "" };
      const bytes = registerBytes(register);
      buckets.set(name, { name, sum: addHash(sum, sha256(bytes)), proof: sha256(`${proof}${key}\n${proofOf(register, bytes)}`) });
      events += register.count;
    }
    await pause();
  }
  const sorted = [...buckets.values()].filter(({ sum }) => sum !== EMPTY_SUM).sort((a, b) => (a.name < b.name ? -1 : 1));
  return rootOf(sorted, events);
}

export const bucketName = (key: string, register: Register): string => `${readKey(key).channel}|${bucketOf(register)}`;

/** What a register is compared by: the bytes that the digest commits to, and the value that is shown. */
export const proofOf = (register: Register, bytes: string = registerBytes(register)): string =>
  sha256(`${bytes}\n${canonical(register.resolution.value)}`);

const rootOf = (buckets: readonly Bucket[], events: number): StateRoot => ({
  digest: sha256(buckets.map(({ name, sum }) => `${name}|${sum}`).join("\n")),
  proof: sha256(buckets.map(({ name, proof }) => `${name}|${proof}`).join("\n")),
  events,
  buckets,
});

type Rows<T extends TableName> = readonly (readonly [key: string, value: Tables[T]])[];

const rangeOf = (channel: string | undefined) => (channel === undefined ? keysUnder("") : keysUnder(`${channel}|`));

export const firstPage = <T extends TableName>(tables: TableReader, table: T, channel: string | undefined): Rows<T> => [
  ...tables.range(table, { ...rangeOf(channel), limit: SLICE }),
];

/** The rows after the last of `page`. A range is never kept open over a pause. */
export function nextPage<T extends TableName>(tables: TableReader, table: T, channel: string | undefined, page: Rows<T>): Rows<T> {
  const last = page.at(-1)?.[0];
  if (last === undefined || page.length < SLICE) return [];
  const rows = [...tables.range(table, { from: last, to: rangeOf(channel).to, limit: SLICE + 1 })];
  return (rows[0]?.[0] === last ? rows.slice(1) : rows).slice(0, SLICE);
}
