/** Conflicts of one register (semantics D2): groups of versions of which some did not know each other, and whose values differ. */
import { shortHash } from "./hash.ts";
import { judge } from "./judge.ts";
import type { ConflictRecord, Entry, RegisterKey, RegisterKind, Seen } from "./register.ts";
import type { Judgement, Resolving } from "./resolve.ts";
import type { Stamp } from "./stamp.ts";
import type { KnownPast, Version, Versions } from "./versions.ts";
import { versionKey } from "./versions.ts";

export interface Parts {
  readonly register: Resolving;
  readonly kind: RegisterKind;
  readonly versions: Versions;
  readonly ancestors: ReadonlyMap<Version, ReadonlySet<Version>>;
  readonly pasts: ReadonlyMap<Entry, KnownPast>;
}

const UNLOGGED: readonly RegisterKind[] = ["reaction", "read"];
/** The id of a record: of the register and the smallest key in its base, "-" if there is none. A key is no stamp, so a smaller twin cannot move it. */
export const conflictId = (key: RegisterKey, base: string): string => `cfl_${shortHash(`${key}\n${base}`)}`;

export function conflictRecords(parts: Parts, judgement: Judgement): readonly ConflictRecord[] {
  const { versions, kind, pasts } = parts;
  if (versions.all.length < 2 || UNLOGGED.includes(kind)) return [];
  const known = versions.all.filter(({ twins }) => twins.some((twin) => pasts.get(twin)?.complete));
  const groups = new Map(known.map((version) => [version, new Set([version])]));
  const contested = new Set<Version>();
  for (const [i, a] of known.entries())
    for (const b of known.slice(i + 1)) {
      if (!parted(a, b, pasts)) continue;
      join(groups, a, b);
      if (a.first.content !== b.first.content) contested.add(a);
    }
  const records = [...new Set(groups.values())]
    .filter((group) => [...group].some((member) => contested.has(member)))
    .map((group) => recordOf([...group], parts, judgement));
  return records.sort((a, b) => ((a.versions[0] ?? "") < (b.versions[0] ?? "") ? -1 : 1));
}

/** Some complete twin of each did not know the other version; or each knew the other, which only a cycle can bring about. */
function parted(a: Version, b: Version, pasts: ReadonlyMap<Entry, KnownPast>): boolean {
  const knows = (twin: Entry, other: Version): boolean => other.twins.some(({ stamp }) => pasts.get(twin)?.stamps.has(stamp));
  const complete = ({ twins }: Version): readonly Entry[] => twins.filter((twin) => pasts.get(twin)?.complete);
  return complete(a).some((s) => complete(b).some((t) => knows(s, b) === knows(t, a)));
}

function join(groups: Map<Version, Set<Version>>, a: Version, b: Version): void {
  const into = groups.get(a);
  const from = groups.get(b);
  if (into === undefined || from === undefined || into === from) return;
  for (const member of from) {
    into.add(member);
    groups.set(member, into);
  }
}

function recordOf(group: readonly Version[], { register, kind, versions, ancestors }: Parts, judgement: Judgement): ConflictRecord {
  const members = [...group].sort((a, b) => (a.stamp < b.stamp ? -1 : 1));
  const maxima = maximal(members, ancestors);
  const { winner, rule, reason } = judge(maxima, kind, versions.final, judgement);
  const losers = rule === "merge" ? [] : maxima.filter(({ first }) => first.content !== winner.first.content);
  const below = versions.all.filter((version) => members.every((member) => ancestors.get(member)?.has(version)));
  const base =
    maximal(below, ancestors)
      .map(({ first }) => versionKey(first))
      .sort()[0] ?? "-";
  return {
    id: conflictId(register.key, base),
    base,
    versions: members.map(({ stamp }) => stamp),
    winner: winner.stamp,
    losers: losers.map(({ stamp }) => stamp),
    rule,
    reason,
    ...stateOf(members, losers, versions, register.seen),
  };
}

const maximal = (some: readonly Version[], ancestors: Parts["ancestors"]): readonly Version[] =>
  some.filter((one) => !some.some((other) => ancestors.get(other)?.has(one)));

function stateOf(
  members: readonly Version[],
  losers: readonly Version[],
  versions: Versions,
  seen: readonly Seen[],
): Pick<ConflictRecord, "state" | "restoredBy"> {
  const stamps = new Set(members.flatMap(({ twins }) => twins.map(({ stamp }) => stamp)));
  const restoring = versions.all.find(({ twins }) =>
    twins.some(({ kind, of }) => kind === "restored" && of !== undefined && stamps.has(of)),
  );
  if (restoring !== undefined) return { state: "restored", restoredBy: restoring.stamp };
  const hasSeen = ({ first, twins }: Version): boolean =>
    seen.some(({ author, of }) => author === first.author && twins.some(({ stamp }) => of.includes(stamp)));
  return { state: losers.every(hasSeen) ? "seen" : "open" };
}

/** The record an id leads to: its own, or that of the group a member of which the id was made from (alias rule). */
export function recordById(
  register: {
    readonly key: RegisterKey;
    readonly entries: readonly Entry[];
    readonly resolution: { readonly records: readonly ConflictRecord[] };
  },
  id: string,
): ConflictRecord | undefined {
  const own = register.resolution.records.find((record) => record.id === id);
  if (own !== undefined) return own;
  const member: Stamp[] = register.entries.filter((entry) => conflictId(register.key, versionKey(entry)) === id).map(({ stamp }) => stamp);
  return register.resolution.records.find(({ versions }) => member.some((stamp) => versions.includes(stamp)));
}
