/** What an edit says in a channel whose policy is `merge`: how it changes the text that its author saw (S3, D7). */
import type { KnownPasts } from "../ancestry.ts";
import { ancestryOf, knownPasts, maximal } from "../ancestry.ts";
import type { Policy } from "../event.ts";
import { judge } from "../judge.ts";
import { LIMITS } from "../limits.ts";
import type { Register } from "../register.ts";
import type { Stamp } from "../stamp.ts";
import type { TextMerge } from "../text-merge.ts";
import { piecesOf, textOf, textsOf } from "../text-merge.ts";
import type { Version, Versions } from "../versions.ts";
import { versionsOf } from "../versions.ts";
import type { Deciding } from "./decision.ts";

export interface Editing {
  readonly policy: Policy;
  readonly register: Register;
  /** Versions its author saw. */
  readonly replaces: readonly Stamp[];
  readonly command: string;
  readonly body: string;
}

/** No update where what the author saw is not all here, or is more than is merged: such an edit wins or loses as a whole (`lww`). */
export function updateOf({ texts, actor }: Deciding, { policy, register, replaces, command, body }: Editing): Change {
  const { resolution, entries } = register;
  if (policy !== "merge" || entries.length >= LIMITS.mergedVersions || resolution.incomplete.length > 0) return {};
  const hidden = new Set([...resolution.void, ...resolution.pending]);
  const versions = versionsOf(entries, ({ stamp }) => (hidden.has(stamp) ? "void" : "ok"));
  const seen = replaces.map((stamp) => versions.versionOf.get(stamp));
  const known = [...new Set(seen.flatMap((version) => version ?? []))];
  if (known.length === 0 || seen.includes(undefined)) return {};
  const past = { versions, pasts: knownPasts(versions) };
  const shown = inText(maximal(known, ancestryOf(versions)), past, register, texts);
  const pieces = piecesOf(shown, past);
  if (pieces.length > LIMITS.editsInRow) return {};
  const update = texts.change(pieces, { author: actor.user, command, text: body });
  if (update === undefined) return {};
  const onto = replaces.filter((_, place) => shown.some((version) => version === seen[place]));
  return onto.length === replaces.length ? { update } : { update, onto };
}
interface Change {
  readonly update?: string;
  readonly onto?: readonly Stamp[];
}

/** Those whose words are in the text that was shown: all where they were merged, else the one that had won over the others. */
function inText(
  heads: readonly Version[],
  past: { readonly versions: Versions; readonly pasts: KnownPasts },
  { resolution }: Register,
  texts: TextMerge,
): readonly Version[] {
  if (heads.length === 1) return heads;
  const merged = textsOf(past, (_, pieces) => texts.text(pieces()));
  const { rule, value, winner } = judge(heads, "body", past.versions.final, { isDistrusted: () => false, textOf: merged });
  if (rule === "merge" && texts.text(piecesOf(heads, past)) === textOf(value)) return heads;
  // Whom a region distrusts, the commands do not know; what it shows, they do.
  return [heads.find(({ stamp }) => stamp === resolution.winner) ?? winner];
}
