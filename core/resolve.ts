/**
 * What the entries of one register say together: heads, value, conflicts (semantics D1-D8). A pure function of the set of entries and of who is
 * trusted and who had the right; order and repetition cannot matter because neither is looked at.
 */
import { conflictRecords } from "./conflict-records.ts";
import type { Json } from "./event.ts";
import { judge } from "./judge.ts";
import type { Entry, RegisterKey, Resolution, Seen } from "./register.ts";
import { readKey } from "./register.ts";
import type { Stamp } from "./stamp.ts";
import type { Standing, Version } from "./versions.ts";
import { ancestry, knownPast, versionsOf } from "./versions.ts";

export interface Judgement {
  readonly isDistrusted: (stamp: Stamp) => boolean;
  readonly standing: (entry: Entry) => Standing;
  /** Text of the union of the updates of these heads and all their ancestors (policy merge); absent while nothing here can merge. */
  readonly merge?: (heads: readonly Version[]) => Json;
}

export interface Resolving {
  readonly key: RegisterKey;
  readonly entries: readonly Entry[];
  readonly seen: readonly Seen[];
}

export const UNRESOLVED: Resolution = { value: null, winner: null, heads: [], records: [], incomplete: [], pending: [], void: [] };

export function resolve(register: Resolving, judgement: Judgement): Resolution {
  const { kind } = readKey(register.key);
  const versions = versionsOf(register.entries, judgement.standing);
  const stamps = (standing: Standing): readonly Stamp[] =>
    [...versions.standingOf].flatMap(([stamp, stands]) => (stands === standing ? [stamp] : [])).sort();
  const hidden = { pending: stamps("pending"), void: stamps("void") };
  if (versions.all.length === 0) return { ...UNRESOLVED, ...hidden };
  const ancestors = ancestry(versions);
  const followed = new Set([...ancestors.values()].flatMap((some) => [...some]));
  const heads = versions.all.filter((version) => !followed.has(version));
  const verdict = judge(heads, kind, versions.final, judgement);
  const pasts = new Map(versions.all.flatMap((version) => version.twins.map((twin) => [twin, knownPast(versions, twin)] as const)));
  const incomplete = versions.all.filter(({ twins }) => !twins.some((twin) => pasts.get(twin)?.complete)).map(({ stamp }) => stamp);
  return {
    value: verdict.value,
    winner: verdict.winner.stamp,
    heads: heads.map(({ stamp }) => stamp),
    records: conflictRecords({ register, kind, versions, ancestors, pasts }, judgement),
    incomplete,
    ...hidden,
  };
}

/** Whether `next` merely follows all that is shown: the common case of a growing chain, which changes no conflict. */
export function follows(before: Resolution, entries: readonly Entry[], next: Entry): boolean {
  const plain =
    before.heads.length === 1 &&
    before.records.length === 0 &&
    before.incomplete.length === 0 &&
    before.pending.length === 0 &&
    before.void.length === 0;
  if (!plain || next.kind === "deleted" || next.update !== undefined || next.replaces.length !== 1 || next.replaces[0] !== before.heads[0])
    return false;
  if (next.stamp < (before.heads[0] ?? "") || entries.at(-1)?.stamp !== before.winner) return false;
  return !entries.some((entry) => entry.kind === "deleted" || (entry.command === next.command && entry.author === next.author));
}
