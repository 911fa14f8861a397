/** Where regions differ (H7): from roots to buckets, from buckets to registers, from registers to what each region holds there. */
import { LIMITS } from "../core/limits.ts";
import type { VerifyDifference } from "../core/ports/boards.ts";
import { readKey } from "../core/register.ts";
import type { Barriers } from "./verify-barrier.ts";
import type { Page } from "./verify-words.ts";
import { VALUES } from "./verify-words.ts";

/** Enough to see what is wrong; whoever mends it asks again. */
const MOST_BUCKETS = 20;
const MOST_REGISTERS = 100;
/** Pages read of one list at most: a bound against an answer that never ends. */
const MOST_PAGES = 10_000;

export interface Differing {
  readonly barriers: Barriers;
  readonly session: string;
  readonly regions: readonly string[];
  /** How the channel of a register is called in the report. */
  readonly shownChannel: (identity: string) => string;
}

export async function findDifferences(differing: Differing): Promise<readonly VerifyDifference[]> {
  const buckets = await differingNames(differing, (region, after) =>
    paged(differing.barriers.ask(region, "buckets", { session: differing.session, after }, LIMITS.verifyReadMs), ([name, sum, proof]) => [
      name,
      `${sum} ${proof}`,
    ]),
  );
  const keys: string[] = [];
  for (const bucket of buckets.slice(0, MOST_BUCKETS)) {
    const found = await differingNames(differing, (region, after) =>
      paged(
        differing.barriers.ask(region, "registers", { session: differing.session, bucket, after }, LIMITS.verifyReadMs),
        (item) => item,
      ),
    );
    keys.push(...found);
    if (keys.length >= MOST_REGISTERS) break;
  }
  return valuesOf(differing, [...new Set(keys)].sort().slice(0, MOST_REGISTERS));
}

type NamePage = Page<readonly [name: string, hash: string]>;

async function paged<T>(answer: Promise<Page<T>>, read: (item: T) => readonly [string, string]): Promise<NamePage> {
  const { items, ...where } = await answer;
  return { items: items.map(read), ...where };
}

/** The names that not all regions hold with the same hash. */
async function differingNames(
  { regions }: Differing,
  ask: (region: string, after: string) => Promise<NamePage>,
): Promise<readonly string[]> {
  const lists = await Promise.all(regions.map((region) => wholeList((after) => ask(region, after))));
  const names = new Set(lists.flatMap((list) => [...list.keys()]));
  return [...names].filter((name) => new Set(lists.map((list) => list.get(name))).size > 1).sort();
}

async function wholeList(ask: (after: string) => Promise<NamePage>): Promise<ReadonlyMap<string, string>> {
  const list = new Map<string, string>();
  let after = "";
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { items, more, upTo } = await ask(after);
    for (const [name, hash] of items) list.set(name, hash);
    if (!more || upTo <= after) break;
    after = upTo;
  }
  return list;
}

async function valuesOf(
  { barriers, session, regions, shownChannel }: Differing,
  keys: readonly string[],
): Promise<readonly VerifyDifference[]> {
  const found = new Map<string, Record<string, unknown>>(keys.map((key) => [key, {}]));
  for (let from = 0; from < keys.length; from += VALUES) {
    const slice = keys.slice(from, from + VALUES);
    await Promise.all(
      regions.map(async (region) => {
        const { values } = await barriers.ask(region, "values", { session, keys: slice }, LIMITS.verifyReadMs);
        for (const key of slice) (found.get(key) ?? {})[region] = values[key] ?? null;
      }),
    );
  }
  return [...found].map(([key, values]) => ({ channel: shownChannel(readKey(key).channel), register: key, values }));
}
