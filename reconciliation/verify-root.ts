/**
 * The root of a state (D9, S5, H7): one hash over all registers, equal where states are equal. It can be had in two ways that give the same:
 * `light` from the sums that are kept with every change, `full` from the stored registers themselves, which also finds what no sum shows: a
 * byte that has changed on the disk. Only registers enter: no positions, presence, witnesses, quarantine.
 *
 * A sum is no proof against somebody who forges (birthday attack), so `full` also gives a proof: SHA-256 chained over every register's bytes,
 * its key and value included, in the order of keys.
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

/** What of the state is to be read, and how. */
export interface RootAsked {
  readonly mode: RootMode;
  /** Identity of the only channel to look at. */
  readonly channel?: string | undefined;
}
export interface ReadOptions extends RootAsked {
  /** Gives others their turn between two slices; rejects when there is no more time. */
  readonly pause: () => Promise<void>;
}

/** Rows read before others get their turn: a few milliseconds. */
const SLICE = 200;

/** The root of all that these tables show, in one go. */
export async function stateRoot(tables: TableReader, { pause, ...asked }: ReadOptions): Promise<StateRoot> {
  const reading = new RootReading(tables, asked);
  for (;;) {
    const root = reading.readOn();
    if (root !== undefined) return root;
    await pause();
  }
}

/** A root on its way: a state of any size is read slice by slice, as there is time. */
export class RootReading {
  readonly asked: RootAsked;
  readonly #tables: TableReader;
  readonly #buckets = new Map<string, { sum: HashSum; proof: string }>();
  #after = "";
  #rows = 0;
  #events = 0;
  #root: StateRoot | undefined;

  constructor(tables: TableReader, asked: RootAsked) {
    this.#tables = tables;
    this.asked = asked;
  }

  /** Rows read so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Reads one slice more; the root once all is read, and from then on. */
  readOn(): StateRoot | undefined {
    if (this.#root !== undefined) return this.#root;
    const read = this.asked.mode === "full" ? this.#registers() : this.#sums();
    this.#rows += read;
    if (read === SLICE) return undefined;
    const buckets = [...this.#buckets].flatMap(([name, bucket]) => (bucket.sum === EMPTY_SUM ? [] : [{ name, ...bucket }]));
    this.#root = rootOf(
      buckets.sort((a, b) => (a.name < b.name ? -1 : 1)),
      this.#events,
    );
    return this.#root;
  }

  #sums(): number {
    const page = pageAfter(this.#tables, "digests", this.asked.channel, this.#after);
    for (const [name, sum] of page) this.#buckets.set(name, { sum, proof: "" });
    this.#after = page.at(-1)?.[0] ?? "";
    return page.length;
  }

  #registers(): number {
    const page = pageAfter(this.#tables, "registers", this.asked.channel, this.#after);
    for (const [key, register] of page) {
      const name = bucketName(key, register);
      let bucket = this.#buckets.get(name);
      if (bucket === undefined) this.#buckets.set(name, (bucket = { sum: EMPTY_SUM, proof: "" }));
      const bytes = registerBytes(register);
      bucket.sum = addHash(bucket.sum, sha256(bytes));
      bucket.proof = sha256(`${bucket.proof}${bytes}\n${canonical(register.resolution.value)}`);
      this.#events += register.count;
    }
    this.#after = page.at(-1)?.[0] ?? "";
    return page.length;
  }
}

export const bucketName = (key: string, register: Register): string => `${readKey(key).channel}|${bucketOf(register)}`;

/** What a register is compared by: the bytes that the digest commits to, and the value that is shown. */
export const proofOf = (register: Register): string => sha256(`${registerBytes(register)}\n${canonical(register.resolution.value)}`);

const rootOf = (buckets: readonly Bucket[], events: number): StateRoot => ({
  digest: sha256(buckets.map(({ name, sum }) => `${name}|${sum}`).join("\n")),
  proof: sha256(buckets.map(({ name, proof }) => `${name}|${proof}`).join("\n")),
  events,
  buckets,
});

type Rows<T extends TableName> = readonly (readonly [key: string, value: Tables[T]])[];

const rangeOf = (channel: string | undefined) => (channel === undefined ? keysUnder("") : keysUnder(`${channel}|`));

/** The next rows after a key, all from the first where it is "". A range is never kept open over a pause. */
export function pageAfter<T extends TableName>(tables: TableReader, table: T, channel: string | undefined, after: string): Rows<T> {
  if (after === "") return [...tables.range(table, { ...rangeOf(channel), limit: SLICE })];
  const rows = [...tables.range(table, { from: after, to: rangeOf(channel).to, limit: SLICE + 1 })];
  return (rows[0]?.[0] === after ? rows.slice(1) : rows).slice(0, SLICE);
}
