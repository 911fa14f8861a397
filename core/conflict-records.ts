/** Conflicts of one register (semantics D2): groups of versions of which some did not know each other, and whose values differ. */
import type { KnownPasts } from "./ancestry.ts";
import { maximal } from "./ancestry.ts";
import type { Bits } from "./bits.ts";
import { shortHash } from "./hash.ts";
import type { Judging } from "./judge.ts";
import { judge } from "./judge.ts";
import type { ConflictRecord, Entry, RegisterKey, RegisterKind, Resolving, Seen } from "./register.ts";
import type { Stamp } from "./stamp.ts";
import type { Version, Versions } from "./versions.ts";
import { versionKey } from "./versions.ts";

/** What one register's records follow from. */
export interface Parts {
  readonly register: Resolving;
  readonly kind: RegisterKind;
  readonly versions: Versions;
  /** Per version, by index. */
  readonly ancestors: readonly Bits[];
  readonly pasts: KnownPasts;
}

const UNLOGGED: readonly RegisterKind[] = ["reaction", "read", "halt"];
/** The id of a record: of the register and the smallest key in its base, "-" if there is none. A key is no stamp, so a smaller twin cannot move it. */
export const conflictId = (key: RegisterKey, base: string): string => `cfl_${shortHash(`${key}\n${base}`)}`;

/** All records of one register (D2); none of reactions, read markers and halts, which are decided without one. */
export function conflictRecords(parts: Parts, judging: Judging): readonly ConflictRecord[] {
  const { versions, kind, pasts } = parts;
  if (versions.all.length < 2 || UNLOGGED.includes(kind)) return [];
  const known = versions.all.flatMap((version): Known[] => {
    const complete = version.twins.flatMap((twin) => pasts.completePast(twin) ?? []);
    return complete.length === 0 ? [] : [{ version, pasts: complete, places: pasts.placesOf(version) }];
  });
  const groups = new Map(known.map((member) => [member, [member]]));
  const contested = new Set<Known>();
  for (const [i, a] of known.entries())
    for (let j = i + 1; j < known.length; j += 1) {
      const b = known[j];
      if (b === undefined || !parted(a, b)) continue;
      join(groups, a, b);
      if (a.version.first.content !== b.version.first.content) contested.add(a);
    }
  return [...new Set([...contested].map((member) => groups.get(member) ?? [member]))]
    .map((group) =>
      recordOf(
        group.map(({ version }) => version),
        parts,
        judging,
      ),
    )
    .sort((a, b) => ((a.versions[0] ?? "") < (b.versions[0] ?? "") ? -1 : 1));
}

/** A version whose past is known whole, by one of its twins at least: only such are ever said to be in conflict (D2). */
interface Known {
  readonly version: Version;
  readonly pasts: readonly Bits[];
  readonly places: readonly number[];
}

/** Some complete twin of each did not know the other version; or each knew the other, which only a cycle can bring about. */
function parted(a: Known, b: Known): boolean {
  for (const s of a.pasts) for (const t of b.pasts) if (holdsAny(s, b.places) === holdsAny(t, a.places)) return true;
  return false;
}

function holdsAny(past: Bits, places: readonly number[]): boolean {
  for (const place of places) if (past.has(place)) return true;
  return false;
}

function join(groups: Map<Known, Known[]>, a: Known, b: Known): void {
  const one = groups.get(a) ?? [];
  const other = groups.get(b) ?? [];
  if (one === other) return;
  const [into, from] = one.length >= other.length ? [one, other] : [other, one];
  for (const member of from) {
    into.push(member);
    groups.set(member, into);
  }
}

function recordOf(group: readonly Version[], { register, kind, versions, ancestors }: Parts, judging: Judging): ConflictRecord {
  const members = [...group].sort((a, b) => (a.stamp < b.stamp ? -1 : 1));
  const maxima = maximal(members, ancestors);
  const { winner, rule, reason } = judge(maxima, kind, versions.final, judging);
  const losers = rule === "merge" ? [] : maxima.filter(({ first }) => first.content !== winner.first.content);
  const below = versions.all.filter(({ index }) => members.every((member) => ancestors[member.index]?.has(index)));
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
