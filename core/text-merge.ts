/**
 * What is merged where a channel's policy is `merge` (law S3, semantics D7). An edit carries an *update*: how it changes the text its author saw,
 * made once, at its origin. The text of several heads is that of all updates behind them together. How updates are made and joined is handed in.
 *
 * A version without an update, as every send is, says its whole text: it takes the place of what it came after.
 */
import type { KnownPasts } from "./ancestry.ts";
import type { Json } from "./event.ts";
import { LIMITS } from "./limits.ts";
import type { Entry } from "./register.ts";
import type { Version, Versions } from "./versions.ts";

/** What one version brings to a merged text. */
export interface TextPiece {
  readonly author: string;
  readonly command: string;
  /** What it says as a whole; "" of a delete. */
  readonly text: string;
  /** Without an update of its own: its text takes the place of the pieces it came `after` (their places in the list). */
  readonly whole: boolean;
  readonly after: readonly number[];
  /** Updates of its twins. The first is what it does; the others did the same to another text, and must not do it twice (D5). */
  readonly updates: readonly string[];
}
/** Whose text a change makes, and by which command: the same three give the same bytes wherever it is made. */
export type TextEdit = Pick<TextPiece, "author" | "command" | "text">;

/** Pure: the same pieces in the same order give the same bytes and the same text, in every region. */
export interface TextMerge {
  /** The update that leads from what the known pieces say together to the edit's text; undefined where it would be too large, or some of what they build on is missing. */
  change(known: readonly TextPiece[], edit: TextEdit): string | undefined;
  /** What the pieces say together; undefined where some of what they build on is missing, or nothing but spaces is left. */
  text(pieces: readonly TextPiece[]): string | undefined;
}

/** The text of these heads together, or undefined where they are not merged: then the last write is shown (D7). */
export type TextOf = (heads: readonly Version[]) => string | undefined;
/** Asked for the text of heads; `pieces` makes what it is made of only where that is not known already. */
export type Merging = (heads: readonly Version[], pieces: () => readonly TextPiece[]) => string | undefined;

/** The versions of a register and what each knew. */
export interface Past {
  readonly versions: Versions;
  readonly pasts: KnownPasts;
}

/** Asked for the heads and for each record, often the same: answered once. */
export function textsOf(past: Past, merge: Merging | undefined): TextOf {
  const known = new Map<string, string | undefined>();
  return (heads) => {
    if (merge === undefined || !heads.every((head) => isMergeable(head, past))) return undefined;
    const [first, ...others] = heads;
    if (first !== undefined && others.every((other) => other.first.content === first.first.content)) return textOf(first.first.value);
    const name = heads.map(({ stamp }) => stamp).join(" ");
    if (!known.has(name))
      known.set(
        name,
        merge(heads, () => piecesOf(heads, past)),
      );
    return known.get(name);
  };
}

/** It says what it changes, and all that it changes is here. */
const isMergeable = ({ first, twins }: Version, { pasts }: Past): boolean =>
  first.update !== undefined && twins.some((twin) => pasts.completePast(twin) !== undefined);

/**
 * Of these versions and all that their texts were made of, ascending; none where they are more than anybody honest makes. The way back ends at a
 * version that took the place of all before it: nothing of that is left, so a message that is edited for ever costs no more than a young one.
 */
export function piecesOf(heads: readonly Version[], past: Past): readonly TextPiece[] {
  const { versions } = past;
  const union = [...behind(heads, versions, isWhole)].sort((a, b) => a.index - b.index);
  if (union.length > LIMITS.mergedPieces) return [];
  const places = new Map(union.map((version, place) => [version, place]));
  return union.map((version): TextPiece => {
    const { author, command, value, update } = version.first;
    const whole = update === undefined;
    const after = whole
      ? [...behind([version], versions)].filter((other) => other !== version).flatMap((other) => places.get(other) ?? [])
      : [];
    return { author, command, text: textOf(value), whole, after, updates: updatesOf(version, past) };
  });
}

const isWhole = ({ twins }: Version): boolean => twins.every(({ update }) => update === undefined);

/** These versions and all that their texts were made of: what an edit was made onto, else all that it replaced; what is not shown is passed through. */
function behind(
  heads: readonly Version[],
  { entries, placeOf, versionOf }: Versions,
  isEnd: (version: Version) => boolean = () => false,
): ReadonlySet<Version> {
  const found = new Set<Version>();
  const passed = new Set<Entry>();
  const waiting = heads.flatMap(({ twins }) => twins.map(({ stamp }) => stamp));
  for (let stamp = waiting.pop(); stamp !== undefined; stamp = waiting.pop()) {
    const version = versionOf.get(stamp);
    const hidden = version === undefined ? entries[placeOf.get(stamp) ?? -1] : undefined;
    const writes =
      version === undefined ? [hidden].flatMap((entry) => entry ?? []) : found.has(version) || isEnd(version) ? [] : version.twins;
    if (version !== undefined) found.add(version);
    for (const entry of writes) {
      if (passed.has(entry)) continue;
      passed.add(entry);
      waiting.push(...(entry.onto ?? entry.replaces));
    }
  }
  return found;
}

/** What a twin builds on may still be missing: those of which all is here come first. */
function updatesOf({ twins }: Version, { pasts }: Past): readonly string[] {
  const isComplete = (twin: Entry): boolean => pasts.completePast(twin) !== undefined;
  const inOrder = [...twins.filter(isComplete), ...twins.filter((twin) => !isComplete(twin))];
  return [...new Set(inOrder.flatMap(({ update }) => update ?? []))];
}

const isRecord = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The text of a body, which is the value itself or its field `body`; empty where there is none. */
export function textOf(value: Json): string {
  const text = isRecord(value) ? value["body"] : value;
  return typeof text === "string" ? text : "";
}

/** The same value with another text. */
export const withText = (value: Json, text: string): Json =>
  textOf(value) === text ? value : isRecord(value) ? { ...value, body: text } : text;

/** What becomes of a text that several changed apart, each known by a name of their own; undefined where it is not merged. */
export function mergedOf(
  texts: TextMerge,
  base: string,
  versions: readonly { readonly name: string; readonly text: string }[],
): string | undefined {
  const birth: TextPiece = { author: "", command: "", text: base, whole: true, after: [], updates: [] };
  const edits = versions.flatMap(({ name, text }): TextPiece[] => {
    const edit = { author: name, command: name, text };
    const update = texts.change([birth], edit);
    return update === undefined ? [] : [{ ...edit, whole: false, after: [], updates: [update] }];
  });
  if (edits.length < versions.length) return undefined;
  return new Set(versions.map(({ text }) => text)).size === 1 ? versions[0]?.text : texts.text([birth, ...edits]);
}
