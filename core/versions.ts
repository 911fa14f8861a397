/**
 * The versions of one register and how they follow each other (semantics D1, D4, D5, D6): what is shown is decided on *versions* (twins united),
 * conflicts on each twin's own *known past*, as accepted.
 */
import type { Entry } from "./register.ts";
import type { Stamp } from "./stamp.ts";

export type Standing = "ok" | "pending" | "void";

export interface Version {
  /** Smallest stamp of its twins: its name. */
  readonly stamp: Stamp;
  /** The twin of that stamp: its policy, value and place in time are the version's. */
  readonly first: Entry;
  readonly twins: readonly Entry[];
}

/** All that is known of one register, indexed. */
export interface Versions {
  readonly all: readonly Version[];
  readonly entryOf: ReadonlyMap<Stamp, Entry>;
  readonly standingOf: ReadonlyMap<Stamp, Standing>;
  readonly versionOf: ReadonlyMap<Stamp, Version>;
  /** One delete of the message is final, so all are (D4). */
  readonly final: boolean;
}

/** Equal (author, command, content) are twins; also what conflict ids hash (D2). */
export const versionKey = ({ author, command, content }: Entry): string => `${author}\n${command}\n${content}`;
export const isDelete = (entry: Entry): boolean => entry.kind === "deleted";

export function versionsOf(entries: readonly Entry[], standing: (entry: Entry) => Standing): Versions {
  const entryOf = new Map<Stamp, Entry>();
  const standingOf = new Map<Stamp, Standing>();
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const stands = standing(entry);
    entryOf.set(entry.stamp, entry);
    standingOf.set(entry.stamp, stands);
    if (stands !== "ok") continue;
    const key = versionKey(entry);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  const all = [...groups.values()].map(versionFrom).sort((a, b) => (a.stamp < b.stamp ? -1 : 1));
  const versionOf = new Map(all.flatMap((version) => version.twins.map((twin) => [twin.stamp, version] as const)));
  const final = all.some(({ twins }) => twins.some((twin) => isDelete(twin) && twin.deletes === "final"));
  return { all, entryOf, standingOf, versionOf, final };
}

function versionFrom(twins: readonly Entry[]): Version {
  const sorted = [...twins].sort((a, b) => (a.stamp < b.stamp ? -1 : 1));
  const first = sorted[0] as Entry;
  return { stamp: first.stamp, first, twins: sorted };
}

/** An edit never comes after a final delete: naming it, it stands beside it, after what the delete replaced (D4). */
const passesDelete = ({ final }: Versions, from: Entry, to: Entry): boolean => final && isDelete(to) && !isDelete(from);

/** The stamps that `from` replaced, after passing through void versions (when shown) and from an edit through final deletes. */
function* replacedBy(versions: Versions, from: Entry, shown: boolean): Iterable<Stamp> {
  const waiting = [...from.replaces];
  const done = new Set<Stamp>();
  for (let stamp = waiting.pop(); stamp !== undefined; stamp = waiting.pop()) {
    if (done.has(stamp)) continue;
    done.add(stamp);
    const to = versions.entryOf.get(stamp);
    const passed = to !== undefined && (passesDelete(versions, from, to) || (shown && versions.standingOf.get(stamp) !== "ok"));
    if (passed) waiting.push(...to.replaces);
    else yield stamp;
  }
}

/** What a twin knew when it was accepted: every stamp reached by `replaces`; complete when none of them is missing or pending (D1). */
export interface KnownPast {
  readonly stamps: ReadonlySet<Stamp>;
  readonly complete: boolean;
}

export function knownPast(versions: Versions, twin: Entry): KnownPast {
  const stamps = new Set<Stamp>();
  let complete = true;
  const waiting: Entry[] = [twin];
  for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
    for (const named of entry.replaces)
      if (versions.entryOf.get(named) === undefined || versions.standingOf.get(named) === "pending") complete = false;
    for (const stamp of replacedBy(versions, entry, false)) {
      if (stamps.has(stamp)) continue;
      stamps.add(stamp);
      const next = versions.entryOf.get(stamp);
      if (next === undefined || versions.standingOf.get(stamp) === "pending") complete = false;
      if (next !== undefined) waiting.push(next);
    }
  }
  return { stamps, complete };
}

/** Version -> the versions it comes after, transitively. Edges on cycles are dropped: first those of later twins, then all that are left (D1). */
export function ancestry(versions: Versions): ReadonlyMap<Version, ReadonlySet<Version>> {
  const edges = edgesOf(versions);
  const late = onCycles(versions.all, edges);
  for (const { from, to, firstTwin } of late) if (!firstTwin) edges.get(from)?.delete(to);
  for (const { from, to } of onCycles(versions.all, edges)) edges.get(from)?.delete(to);
  const closed = new Map<Version, ReadonlySet<Version>>();
  for (const version of versions.all) closed.set(version, reach(version, edges, closed));
  return closed;
}

/** to -> whether the version's first twin says so itself. */
type Edges = Map<Version, Map<Version, boolean>>;

function edgesOf(versions: Versions): Edges {
  const edges: Edges = new Map();
  for (const version of versions.all) {
    const out = new Map<Version, boolean>();
    for (const twin of version.twins)
      for (const stamp of replacedBy(versions, twin, true)) {
        const to = versions.versionOf.get(stamp);
        if (to !== undefined && to !== version) out.set(to, out.get(to) === true || twin === version.first);
      }
    edges.set(version, out);
  }
  return edges;
}

function reach(from: Version, edges: Edges, closed: ReadonlyMap<Version, ReadonlySet<Version>>): ReadonlySet<Version> {
  const found = new Set<Version>();
  const waiting = [...(edges.get(from)?.keys() ?? [])];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    const known = closed.get(next);
    if (known !== undefined) for (const one of known) found.add(one);
    else waiting.push(...(edges.get(next)?.keys() ?? []));
  }
  return found;
}

/** Edges between versions that reach each other. With sane clocks and honest authors there are none: an edge leads to a smaller stamp. */
function onCycles(
  all: readonly Version[],
  edges: Edges,
): readonly { readonly from: Version; readonly to: Version; readonly firstTwin: boolean }[] {
  const forward = [...edges].some(([from, out]) => [...out.keys()].some((to) => to.stamp > from.stamp));
  if (!forward) return [];
  const reached = new Map(all.map((version) => [version, reach(version, edges, new Map())]));
  return [...edges].flatMap(([from, out]) =>
    [...out].filter(([to]) => reached.get(to)?.has(from)).map(([to, firstTwin]) => ({ from, to, firstTwin })),
  );
}
