/** What a text is that was merged (D7), from the definitions: every version that its heads were made of, each with what it brings. */
import type { Json } from "../../../core/event.ts";
import type { TextPiece } from "../../../core/text-merge.ts";
import { yjsTexts } from "../../../reconciliation/text-merge.ts";
import type { Act } from "./acts.ts";
import type { ModelVersion } from "./model-version.ts";

type MadeOf = (version: ModelVersion) => ReadonlySet<ModelVersion>;

/** Undefined where some head cannot be merged: it says no update, or something that it builds on is missing. */
export function mergedText(
  heads: readonly ModelVersion[],
  versions: readonly ModelVersion[],
  isComplete: (act: Act) => boolean,
): string | undefined {
  if (!heads.every(({ twins }) => least(twins).update !== undefined && twins.some(isComplete))) return undefined;
  if (new Set(heads.map(({ text }) => text)).size === 1) return bodyOf(heads[0]?.value ?? null);
  return textBehind(heads, versions, isComplete);
}

function textBehind(
  heads: readonly ModelVersion[],
  versions: readonly ModelVersion[],
  isComplete: (act: Act) => boolean,
): string | undefined {
  const madeOf: MadeOf = (version) => walked(version, versions);
  const union = versions.filter((one) => heads.some((head) => head === one || madeOf(head).has(one)));
  const inOrder = union.sort((a, b) => (a.stamp < b.stamp ? -1 : 1));
  return yjsTexts.text(inOrder.map((version) => pieceOf(version, inOrder, madeOf, isComplete)));
}

/** Versions whose update does not lead from what their author saw to what they say. Twins may have seen different texts, so only those without are looked at. */
export function misled(versions: readonly ModelVersion[]): readonly ModelVersion[] {
  return versions.filter((version) => {
    if (least(version.twins).update === undefined) return false;
    const seen = walked(version, versions);
    if ([version, ...seen].some(({ twins }) => twins.length > 1)) return false;
    return textBehind([version], versions, () => true) !== bodyOf(version.value);
  });
}

const least = (twins: readonly Act[]): Act => twins.reduce((first, act) => (act.stamp < first.stamp ? act : first));

function walked(from: ModelVersion, versions: readonly ModelVersion[]): ReadonlySet<ModelVersion> {
  const found = new Set<ModelVersion>();
  const waiting = [from];
  for (const version of waiting)
    for (const { onto, replaces } of version.twins)
      for (const to of versions.filter(({ twins }) => twins.some(({ stamp }) => (onto ?? replaces).includes(stamp)))) {
        if (found.has(to)) continue;
        found.add(to);
        waiting.push(to);
      }
  return found;
}

function pieceOf(version: ModelVersion, union: readonly ModelVersion[], madeOf: MadeOf, isComplete: (act: Act) => boolean): TextPiece {
  const { author, command, update } = least(version.twins);
  const whole = update === undefined;
  const after = union.flatMap((other, place) => (whole && other !== version && madeOf(version).has(other) ? [place] : []));
  const twins = [...version.twins].sort((a, b) => Number(isComplete(b)) - Number(isComplete(a)) || (a.stamp < b.stamp ? -1 : 1));
  return { author, command, text: bodyOf(version.value), whole, after, updates: [...new Set(twins.flatMap((twin) => twin.update ?? []))] };
}

function bodyOf(value: Json): string {
  const body = value !== null && typeof value === "object" ? (value as Readonly<Record<string, Json>>)["body"] : "";
  return typeof body === "string" ? body : "";
}
