/**
 * The common case of a growing register, at the cost of one look at its entries: a version that replaces exactly what is shown, and knew
 * everything that is here, changes no conflict and is what is shown next. Whatever is not surely so is resolved from the start.
 */
import type { Entry, Resolution } from "./register.ts";

/** What `resolve` would say of `entries` and `next`; undefined when it has to be asked. `next` stands, and its stamp is new. */
export function resolveNext(before: Resolution, entries: readonly Entry[], next: Entry): Resolution | undefined {
  const { heads, records, incomplete, pending, void: voided } = before;
  const settled = heads.length > 0 && incomplete.length + pending.length + voided.length === 0;
  if (!settled || next.replaces.length !== heads.length) return undefined;
  if (!heads.every((head) => next.replaces.includes(head))) return undefined;
  if (next.kind === "restored" && records.length > 0) return undefined;
  if (!entries.every((entry) => isApart(entry, next)) || !knowsAll(next, entries)) return undefined;
  return { ...before, value: next.value, winner: next.stamp, heads: [next.stamp] };
}

/** Not a twin's sibling, and no delete that an edit may not follow: else more than the head may move. */
const isApart = (entry: Entry, next: Entry): boolean =>
  entry.kind !== "deleted" && !(entry.command === next.command && entry.author === next.author);

/** Whether every entry lies in the known past of `next`, and nothing there is missing, `next` itself included: then nothing here is parted from it. */
function knowsAll(next: Entry, entries: readonly Entry[]): boolean {
  if (isChain(next, entries)) return true;
  const entryOf = new Map(entries.map((entry) => [entry.stamp, entry]));
  const known = new Set<Entry>();
  const waiting = [...next.replaces];
  for (let stamp = waiting.pop(); stamp !== undefined; stamp = waiting.pop()) {
    const entry = entryOf.get(stamp);
    if (entry === undefined) return false;
    if (known.has(entry)) continue;
    known.add(entry);
    waiting.push(...entry.replaces);
  }
  return known.size === entries.length;
}

function isChain(next: Entry, entries: readonly Entry[]): boolean {
  let named = next.replaces;
  for (let place = entries.length - 1; place >= 0; place -= 1) {
    const entry = entries[place];
    if (entry === undefined || named.length !== 1 || named[0] !== entry.stamp) return false;
    named = entry.replaces;
  }
  return named.length === 0;
}
