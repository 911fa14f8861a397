/** What a register must show and which conflicts it must have, straight from the definitions (semantics D1, D2, D3, D4, D5). Quadratic and more; registers of a simulation are small. */
import { canonical } from "../../../core/canonical.ts";
import type { Json } from "../../../core/event.ts";
import type { Act } from "./acts.ts";
import { versionName } from "./acts.ts";
import { mergedText } from "./merged.ts";
import type { ModelVersion } from "./model-version.ts";

export interface ModelRecord {
  readonly versions: readonly string[];
  readonly winner: string;
  readonly losers: readonly string[];
  readonly rule: string;
}
export interface Verdict {
  readonly versions: readonly ModelVersion[];
  readonly heads: readonly string[];
  readonly winner: string;
  readonly value: Json;
  readonly records: readonly ModelRecord[];
  /** The text, where it is merged: the winner then only names the version. */
  readonly merged?: string;
}
export type Distrusted = (stamp: string) => boolean;

function versionsOf(acts: readonly Act[]): readonly ModelVersion[] {
  const groups = grouped(acts);
  return [...groups.values()].map((twins) => {
    const first = twins.reduce((least, act) => (act.stamp < least.stamp ? act : least));
    return {
      stamp: first.stamp,
      twins,
      value: first.value,
      text: canonical(first.value),
      author: first.author,
      deleted: first.value === null,
    };
  });
}

function grouped(acts: readonly Act[]): Map<string, Act[]> {
  const groups = new Map<string, Act[]>();
  for (const act of acts) groups.set(versionName(act), [...(groups.get(versionName(act)) ?? []), act]);
  return groups;
}

export function verdictOf(acts: readonly Act[], distrusted: Distrusted): Verdict {
  const rule = acts[0]?.rule ?? "lww";
  const versions = versionsOf(acts);
  const final = acts.some((act) => act.finalDelete);
  const isAncestor = ancestry(versions, acts, final);
  const heads = versions.filter((a) => !versions.some((b) => isAncestor(a, b)));
  const judge = (among: readonly ModelVersion[]): Judgement => {
    const deletes = among.filter(({ deleted }) => deleted);
    const candidates = final && deletes.length > 0 ? deletes : among;
    const trusted = candidates.filter(({ stamp }) => !distrusted(stamp));
    const field = trusted.length > 0 ? trusted : candidates;
    const best = (some: readonly ModelVersion[]): ModelVersion =>
      some.reduce((one, version) => ((rule === "first" ? version.stamp < one.stamp : version.stamp > one.stamp) ? version : one));
    const winner = best(field);
    const merges = !(final && deletes.length > 0) && winner.twins.some((act) => act.stamp === winner.stamp && act.merges);
    const merged = merges ? mergedText(among, versions, (act) => pastOf(act, acts).complete) : undefined;
    return merged === undefined ? { winner } : { winner: best(candidates), merged };
  };
  const { winner, merged } = judge(heads);
  const records =
    rule === "silent" ? [] : groupsOf(versions, acts).flatMap((group) => recordOf(group, { judge, isAncestor, rule, final, acts }));
  return {
    versions,
    heads: heads.map(({ stamp }) => stamp).sort(),
    winner: winner.stamp,
    value: winner.value,
    records,
    ...(merged === undefined ? {} : { merged }),
  };
}

interface Judgement {
  readonly winner: ModelVersion;
  /** The text, where it is merged. */
  readonly merged?: string;
}

interface Judged {
  readonly judge: (among: readonly ModelVersion[]) => Judgement;
  readonly isAncestor: (a: ModelVersion, b: ModelVersion) => boolean;
  readonly rule: Act["rule"];
  readonly final: boolean;
  readonly acts: readonly Act[];
}

function recordOf(group: readonly ModelVersion[], { judge, isAncestor, rule, final, acts }: Judged): readonly ModelRecord[] {
  const differs = group.some((a) => group.some((b) => a.text !== b.text && parted(a, b, acts)));
  if (!differs) return [];
  const maxima = group.filter((a) => !group.some((b) => isAncestor(a, b)));
  const { winner, merged } = judge(maxima);
  const losers = merged === undefined ? maxima.filter(({ text }) => text !== winner.text).map(({ stamp }) => stamp) : [];
  const decided = rule === "first" ? "first" : final && winner.deleted ? "delete-final" : merged === undefined ? "lww" : "merge";
  return [{ versions: group.map(({ stamp }) => stamp).sort(), winner: winner.stamp, losers: losers.sort(), rule: decided }];
}

interface Past {
  readonly stamps: ReadonlySet<string>;
  readonly complete: boolean;
}
/** Stamps reached by `replaces`, as accepted; what an edit names of a final delete is what the delete replaced (D4). */
function pastOf(act: Act, acts: readonly Act[]): Past {
  const final = acts.some(({ finalDelete }) => finalDelete);
  const stamps = new Set<string>();
  const walked = new Set<string>();
  let complete = true;
  const reach = (from: Act, replaces: readonly string[]): void => {
    for (const stamp of replaces) {
      const step = `${from.stamp} ${stamp}`;
      if (walked.has(step)) continue;
      walked.add(step);
      const found = acts.find((other) => other.stamp === stamp);
      if (found === undefined) complete = false;
      const passed = final && found !== undefined && found.value === null && from.value !== null;
      if (!passed) stamps.add(stamp);
      if (found !== undefined) reach(passed ? from : found, found.replaces);
    }
  };
  reach(act, act.replaces);
  return { stamps, complete };
}

const within = (version: ModelVersion, past: Past): boolean => version.twins.some(({ stamp }) => past.stamps.has(stamp));

/** Neither author had seen the other's version, or each claims to have (D2). */
function parted(a: ModelVersion, b: ModelVersion, acts: readonly Act[]): boolean {
  if (a === b) return false;
  return a.twins.some((s) =>
    b.twins.some((t) => {
      const pastS = pastOf(s, acts);
      const pastT = pastOf(t, acts);
      return pastS.complete && pastT.complete && within(b, pastS) === within(a, pastT);
    }),
  );
}

/** Connected components of `parted`, over versions with a complete twin. */
function groupsOf(versions: readonly ModelVersion[], acts: readonly Act[]): readonly (readonly ModelVersion[])[] {
  const left = new Set(versions.filter(({ twins }) => twins.some((twin) => pastOf(twin, acts).complete)));
  const groups: ModelVersion[][] = [];
  for (const start of left) {
    left.delete(start);
    const group = [start];
    for (const member of group)
      for (const other of [...left])
        if (parted(member, other, acts)) {
          left.delete(other);
          group.push(other);
        }
    if (group.length > 1) groups.push(group);
  }
  return groups;
}

/** Who is whose ancestor, as shown (D1): with edges to final deletes passed through, and cycles opened. */
function ancestry(versions: readonly ModelVersion[], acts: readonly Act[], final: boolean): (a: ModelVersion, b: ModelVersion) => boolean {
  const owner = (stamp: string): ModelVersion | undefined => versions.find(({ twins }) => twins.some((twin) => twin.stamp === stamp));
  const behind = (act: Act, replaces: readonly string[], seen: ReadonlySet<string>): readonly ModelVersion[] =>
    replaces.flatMap((stamp) => {
      const version = owner(stamp);
      if (version === undefined || seen.has(stamp)) return [];
      const passed = final && version.deleted && act.value !== null;
      const source = acts.find((other) => other.stamp === stamp);
      return passed ? behind(act, source?.replaces ?? [], new Set([...seen, stamp])) : [version];
    });
  const edges = versions.flatMap((from) =>
    from.twins.flatMap((act) =>
      behind(act, act.replaces, new Set()).flatMap((to) => (to === from ? [] : [{ from, to, late: act.stamp !== from.stamp }])),
    ),
  );
  type Edge = (typeof edges)[number];
  const reaches = (some: readonly Edge[], from: ModelVersion, to: ModelVersion, seen = new Set<ModelVersion>()): boolean =>
    some.some((edge) => {
      if (edge.from !== from || seen.has(edge.to)) return false;
      seen.add(edge.to);
      return edge.to === to || reaches(some, edge.to, to, seen);
    });
  const cyclic = (some: readonly Edge[], edge: Edge): boolean => reaches(some, edge.to, edge.from);
  const honest = edges.filter((edge) => !(edge.late && cyclic(edges, edge)));
  const sound = honest.filter((edge) => !cyclic(honest, edge));
  return (a, b) => a !== b && reaches(sound, b, a);
}
