/**
 * What the entries of one register say together: heads, value, conflicts (semantics D1-D8). A pure function of the set of entries and of who is
 * trusted and who had the right; order and repetition cannot matter because neither is looked at.
 */
import { ancestryOf, knownPasts, maximal } from "./ancestry.ts";
import { conflictRecords } from "./conflict-records.ts";
import { type Judging, judge } from "./judge.ts";
import type { Entry, RegisterKey, Resolution, Resolving } from "./register.ts";
import { readKey } from "./register.ts";
import type { Stamp } from "./stamp.ts";
import type { Merging } from "./text-merge.ts";
import { textsOf } from "./text-merge.ts";
import type { Standing, Version } from "./versions.ts";
import { versionsOf } from "./versions.ts";

/** What a replica knows of the world beside the register: whose stamps are distrusted, who had the right, and how texts are merged. */
export interface Judgement extends Pick<Judging, "isDistrusted"> {
  readonly standing: (entry: Entry) => Standing;
  /** Text of the union of the updates of these heads and all their ancestors (policy merge); absent where nothing is merged. */
  readonly merge?: Merging;
}

/** Of a register that nobody has written to. */
export const UNRESOLVED: Resolution = { value: null, winner: null, heads: [], records: [], incomplete: [], pending: [], void: [] };

/** What a register shows and which conflicts it has (D1 to D7): a function of its entries and the judgement, whatever the order in which they came. */
export function resolve(register: Resolving, judgement: Judgement): Resolution {
  const [only] = register.entries;
  if (only !== undefined && register.entries.length === 1 && isPlainBirth(only) && judgement.standing(only) === "ok")
    return { ...UNRESOLVED, value: only.value, winner: only.stamp, heads: [only.stamp] };
  const { kind } = readKey(register.key);
  const versions = versionsOf(register.entries, judgement.standing);
  const standingSo = (standing: Standing): readonly Stamp[] =>
    register.entries
      .filter((_, place) => versions.standings[place] === standing)
      .map(({ stamp }) => stamp)
      .sort();
  const hidden = { pending: standingSo("pending"), void: standingSo("void") };
  if (versions.all.length === 0) return { ...UNRESOLVED, ...hidden };
  const ancestors = ancestryOf(versions);
  const heads = maximal(versions.all, ancestors);
  const pasts = knownPasts(versions);
  const judging = { isDistrusted: judgement.isDistrusted, textOf: textsOf({ versions, pasts }, judgement.merge) };
  const { value, winner } = judge(heads, kind, versions.final, judging);
  return {
    value,
    winner: winner.stamp,
    heads: heads.map(({ stamp }) => stamp),
    records: conflictRecords({ register, kind, versions, ancestors, pasts }, judging),
    incomplete: versions.all.filter(({ twins }) => !twins.some((twin) => pasts.completePast(twin) !== undefined)).map(({ stamp }) => stamp),
    ...hidden,
  };
}

/** What stands alone and follows nothing, as most messages do for ever: nothing can be missing, in conflict or merged. */
const isPlainBirth = ({ replaces, kind }: Entry): boolean => replaces.length === 0 && kind !== "deleted";

/** The version shown of these entries alone, without looking for conflicts; undefined when none stands. */
export function winnerAmong(key: RegisterKey, entries: readonly Entry[], judgement: Judgement): Version | undefined {
  const versions = versionsOf(entries, judgement.standing);
  if (versions.all.length < 2) return versions.all[0];
  return judge(maximal(versions.all, ancestryOf(versions)), readKey(key).kind, versions.final, judgement).winner;
}
