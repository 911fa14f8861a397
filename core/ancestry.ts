/**
 * How the versions of a register follow each other. What is shown is decided on *versions* (twins united); conflicts are decided on each twin's
 * own *known past*, as accepted, which never changes once it is complete (semantics D1, D4).
 */
import { Bits, reachOf } from "./bits.ts";
import type { Entry } from "./register.ts";
import type { Stamp } from "./stamp.ts";
import type { Version, Versions } from "./versions.ts";
import { isDelete } from "./versions.ts";

/** An edit never comes after a final delete: naming it, it stands beside it, after what the delete replaced (D4). */
const passesDelete = ({ final }: Versions, from: Entry, to: Entry): boolean => final && isDelete(to) && !isDelete(from);

/** The stamps that `from` leads to: those it names, or what lies behind them where `isPassed`. */
function stampsBehind(from: Entry, isPassed: (to: Entry) => boolean, entryAt: (stamp: Stamp) => Entry | undefined): readonly Stamp[] {
  const isPassedAt = (stamp: Stamp): boolean => {
    const to = entryAt(stamp);
    return to !== undefined && isPassed(to);
  };
  if (!from.replaces.some(isPassedAt)) return from.replaces;
  const found = new Set<Stamp>();
  const done = new Set<Stamp>();
  const waiting = [...from.replaces];
  for (let stamp = waiting.pop(); stamp !== undefined; stamp = waiting.pop()) {
    if (done.has(stamp)) continue;
    done.add(stamp);
    const to = entryAt(stamp);
    if (to !== undefined && isPassed(to)) waiting.push(...to.replaces);
    else found.add(stamp);
  }
  return [...found];
}

const entryIn =
  ({ entries, placeOf }: Versions) =>
  (stamp: Stamp): Entry | undefined =>
    entries[placeOf.get(stamp) ?? -1];

/** What the twins of a register knew as their origins accepted them: by this versions are in conflict or not (D2), whatever is shown. */
export interface KnownPasts {
  /** Of a twin, as accepted: the places of all entries it knew; undefined while any of them is missing or pending. */
  completePast(twin: Entry): Bits | undefined;
  /** Places of the entries by which somebody can have known the version. */
  placesOf(version: Version): readonly number[];
}

/** Of all versions of one register at once; what is missing is found here, and asking is then a look. */
export function knownPasts(versions: Versions): KnownPasts {
  const { entries, placeOf, versionOf } = versions;
  const entryAt = entryIn(versions);
  const reach = reachOf(
    entries.map((from) =>
      stampsBehind(from, (to) => passesDelete(versions, from, to), entryAt).flatMap((stamp) => placeOf.get(stamp) ?? []),
    ),
  );
  const places = versions.all.map((): number[] => []);
  for (const [stamp, { index }] of versionOf) places[index]?.push(placeOf.get(stamp) ?? -1);
  const incomplete = incompletePlaces(versions);
  return {
    completePast: ({ stamp }) => {
      const place = placeOf.get(stamp) ?? -1;
      return incomplete.has(place) ? undefined : reach[place];
    },
    placesOf: ({ index }) => places[index] ?? [],
  };
}

/** Places of entries that name something missing or pending, directly or through others. */
function incompletePlaces({ entries, placeOf, standings }: Versions): ReadonlySet<number> {
  const namers = entries.map((): number[] => []);
  const waiting: number[] = [];
  for (const [place, { replaces }] of entries.entries())
    for (const stamp of replaces) {
      const named = placeOf.get(stamp);
      if (named === undefined || standings[named] === "pending") waiting.push(place);
      if (named !== undefined) namers[named]?.push(place);
    }
  const incomplete = new Set<number>();
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    if (incomplete.has(place)) continue;
    incomplete.add(place);
    waiting.push(...(namers[place] ?? []));
  }
  return incomplete;
}

/** Per version (by index) those it comes after. Edges on cycles are dropped: first those of later twins (a late retry), then all that are left (D1). */
export function ancestryOf(versions: Versions): readonly Bits[] {
  const edges = versions.all.map((version) => edgesFrom(version, versions));
  const reachNow = (): readonly Bits[] => reachOf(edges.map((out) => [...out.keys()]));
  const drop = (reach: readonly Bits[], isDropped: (saidByFirst: boolean) => boolean): void => {
    for (const [from, out] of edges.entries())
      for (const [to, saidByFirst] of out) if (reach[to]?.has(from) && isDropped(saidByFirst)) out.delete(to);
  };
  const isCyclic = (reach: readonly Bits[]): boolean => reach.some((reached, version) => reached.has(version));
  const all = reachNow();
  if (!isCyclic(all)) return all;
  drop(all, (saidByFirst) => !saidByFirst);
  const honest = reachNow();
  if (!isCyclic(honest)) return honest;
  drop(honest, () => true);
  return reachNow();
}

/** Version -> whether the first twin itself leads there. Versions that are not shown are passed through to what lies behind them. */
function edgesFrom(version: Version, versions: Versions): Map<number, boolean> {
  const edges = new Map<number, boolean>();
  for (const twin of version.twins) {
    const isPassed = (to: Entry): boolean => !versions.versionOf.has(to.stamp) || passesDelete(versions, twin, to);
    for (const stamp of stampsBehind(twin, isPassed, entryIn(versions))) {
      const to = versions.versionOf.get(stamp);
      if (to !== undefined && to !== version) edges.set(to.index, edges.get(to.index) === true || twin === version.first);
    }
  }
  return edges;
}

/** Those of `some` that none of the others comes after. */
export function maximal(some: readonly Version[], ancestors: readonly Bits[]): readonly Version[] {
  if (some.length < 2) return some;
  const followed = new Bits(ancestors.length);
  for (const { index } of some) followed.addAll(ancestors[index] ?? followed);
  return some.filter(({ index }) => !followed.has(index));
}
