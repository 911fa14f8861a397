/**
 * What the versions of one register say together, by the very functions that regions use (semantics D1-D5): drop what a later one replaces, then the
 * greatest stamp wins, and a delete is final. It is a function of the set, so order and repetition of what is heard do not matter.
 *
 * Two things only regions know are taken from their word, the conflict record: whose stamps are distrusted, and what merged texts say together.
 */
import { ancestryOf, maximal } from "../../core/ancestry.ts";
import type { Deletes, Json } from "../../core/event.ts";
import { judge } from "../../core/judge.ts";
import type { Entry } from "../../core/register.ts";
import type { Stamp } from "../../core/stamp.ts";
import { type Version, versionsOf } from "../../core/versions.ts";

/** A version as a client knows it. */
export interface Said {
  readonly stamp: Stamp;
  readonly kind: Entry["kind"];
  readonly author: string;
  /** Twins of one command are one version. Of what was read and not heard: unknown, hence its stamp. */
  readonly command: string;
  readonly value: Json;
  readonly replaces: readonly Stamp[];
}
export interface Judged {
  readonly winner: Said;
  readonly value: Json;
  /** Ascending. */
  readonly heads: readonly Stamp[];
}
export interface RegionsWord {
  readonly deletes: Deletes;
  readonly isDistrusted: (stamp: Stamp) => boolean;
  /** What these versions say together where they were merged. */
  readonly textOf: (heads: readonly Stamp[]) => string | undefined;
}
export const NO_WORD: RegionsWord = { deletes: "final", isDistrusted: () => false, textOf: () => undefined };

/** Undefined where nothing has been said. `kind`: only a body knows deletes. */
export function judged(said: readonly Said[], kind: "body" | "member" | "reaction", word: RegionsWord): Judged | undefined {
  const [only] = said;
  if (only !== undefined && said.length === 1) return { winner: only, value: only.value, heads: [only.stamp] };
  const versions = versionsOf(
    said.map((one) => entryOf(one, word.deletes)),
    () => "ok",
  );
  if (versions.all.length === 0) return undefined;
  const heads = maximal(versions.all, ancestryOf(versions));
  const textOf = (some: readonly Version[]): string | undefined =>
    some.length < 2 ? undefined : word.textOf(some.map(({ stamp }) => stamp));
  const { winner, value } = judge(heads, kind, versions.final, { isDistrusted: word.isDistrusted, textOf });
  return { winner: winner.first, value, heads: heads.map(({ stamp }) => stamp) };
}

/** Pairs of versions of which neither knew the other, as far as a client can tell. Twins are one version. */
export function partedIn(said: readonly Said[]): readonly (readonly [Said, Said])[] {
  const nameOf = ({ author, command }: Said): string => `${author}\n${command}`;
  const byStamp = new Map(said.map((one) => [one.stamp, one]));
  const pasts = said.map((one) => {
    const past = new Set<string>([nameOf(one)]);
    for (const left = [...one.replaces]; left.length > 0; ) {
      const before = byStamp.get(left.pop() ?? "");
      if (before === undefined || past.has(nameOf(before))) continue;
      past.add(nameOf(before));
      left.push(...before.replaces);
    }
    return past;
  });
  return said.flatMap((a, i) =>
    said.flatMap((b, j) => (j > i && pasts[i]?.has(nameOf(b)) === false && pasts[j]?.has(nameOf(a)) === false ? [[a, b] as const] : [])),
  );
}

/** What a client cannot know of an entry plays no part in what is shown. `policy`: a text is merged where a region says so, and nowhere else. */
const entryOf = ({ stamp, kind, author, command, value, replaces }: Said, deletes: Deletes): Entry => ({
  ...{ stamp, kind, author, command, value, replaces, deletes },
  ...{ content: JSON.stringify(value), policy: "merge", after: {}, position: { origin: "", epoch: 0, sequence: 0, place: 0 }, hash: "" },
});
