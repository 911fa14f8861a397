/**
 * Texts merged by Yjs (law S3, D7). Updates are ordinary Yjs updates of one text; a document lives as long as one question about them.
 *
 * Nothing here is left to chance. Yjs wants a number for every writer, never used for two different things: here each edit is a writer of its own,
 * and its number is a hash of who made it, by which command, and what it inserts. So the same command accepted in two cut-off regions inserts once,
 * whatever else each of them knew, and a peer cannot take another's number: the number is checked at the door (A4).
 */
import { diffArrays } from "diff";
import * as Y from "yjs";
import { canonical } from "../core/canonical.ts";
import { sha256 } from "../core/hash.ts";
import { LIMITS } from "../core/limits.ts";
import type { TextEdit, TextMerge, TextPiece } from "../core/text-merge.ts";
import { text as textWithin } from "./shape.ts";

/** What the text is called in every update. */
const ROOT = "body";
/** Words, spaces, and everything else sign by sign. Two people who change different words of a line change different things. */
const TOKENS = /[\p{L}\p{M}\p{N}_]+|\s+|./gsu;
/** Texts that differ in more words than this are compared by how they begin and end alone. */
const MOST_CHANGES = 200;

export const yjsTexts: TextMerge = {
  text(pieces) {
    const text = docOf(pieces)?.getText(ROOT).toString();
    return text === undefined || text.trim() === "" ? undefined : text;
  },
  change(known, edit) {
    const doc = docOf(known);
    if (doc === undefined) return undefined;
    const changes = changesBetween(doc.getText(ROOT).toString(), edit.text);
    const writer = writerOf(edit, changes.map(({ inserted }) => inserted).join(""));
    if (Y.decodeStateVector(Y.encodeStateVector(doc)).has(writer)) return undefined;
    const text = written(Buffer.from(updateBy(doc, writer, changes)));
    return text.length > LIMITS.updateChars ? undefined : text;
  },
};

/** 52 bits: numbers that JavaScript and Yjs write exactly. */
const writerOf = ({ author, command }: Pick<TextEdit, "author" | "command">, inserted: string): number =>
  Number.parseInt(sha256(canonical([author, command, inserted])).slice(0, 13), 16);

const written = (bytes: Buffer): string => bytes.toString("base64");
const read = (update: string): Uint8Array => Buffer.from(update, "base64");

/** All pieces as one document; undefined where some of what they build on is missing. */
function docOf(pieces: readonly TextPiece[]): Y.Doc | undefined {
  try {
    const said = pieces.map(updatesIn);
    const deleted = [
      ...said.flatMap(saidAgain),
      ...pieces.flatMap(({ after }) => after.flatMap((place) => said[place]?.flatMap(writersIn) ?? [])),
    ];
    const updates = [...said.flat(), ...deleted.map(deletionOf)];
    const doc = new Y.Doc({ gc: false });
    // One transaction: at any length cheaper than to join the updates first, and to take them one by one costs most.
    doc.transact(() => {
      for (const update of updates) Y.applyUpdate(doc, update);
    });
    return doc.store.pendingStructs === null ? doc : undefined;
  } catch {
    // Updates were looked at at the door; whatever else Yjs may not like about them, it dislikes in every region.
    return undefined;
  }
}

/** What a piece does, then what its twins did instead. */
function updatesIn(piece: TextPiece): readonly Uint8Array[] {
  const updates = piece.updates.map(read);
  return piece.whole ? [birthBy(writerOf(piece, piece.text), piece.text), ...updates] : updates;
}

interface Writer {
  readonly writer: number;
  readonly length: number;
}

/** Insertions of twins that had to insert other words than the first: it has said them already. */
function saidAgain([first, ...others]: readonly Uint8Array[]): readonly Writer[] {
  if (first === undefined || others.length === 0) return [];
  const own = new Set(writersIn(first).map(({ writer }) => writer));
  return others.flatMap(writersIn).filter(({ writer }) => !own.has(writer));
}

const writersIn = (update: Uint8Array): readonly Writer[] =>
  [...Y.parseUpdateMeta(update).to].map(([writer, length]) => ({ writer, length }));

/** An update that deletes all that a writer has inserted: no structs, one range (Yjs's first encoding). */
const deletionOf = ({ writer, length }: Writer): Uint8Array => Uint8Array.from([0, 1, ...varUint(writer), 1, 0, ...varUint(length)]);

/** What Yjs itself would write of one insertion into an empty text: one client, one struct of kind 4 (text) under the root, nothing deleted. */
export const birthBy = (writer: number, text: string): Uint8Array =>
  text === ""
    ? Uint8Array.from([0, 0])
    : Buffer.concat([Uint8Array.from([1, 1, ...varUint(writer), 0, 4, 1]), sized(ROOT), sized(text), Uint8Array.from([0])]);

function sized(text: string): Uint8Array {
  const bytes = Buffer.from(text, "utf8");
  return Buffer.concat([Uint8Array.from(varUint(bytes.length)), bytes]);
}

function varUint(number: number): readonly number[] {
  const bytes: number[] = [];
  let left = number;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push(128 | (left % 128));
  return [...bytes, left];
}

interface Change {
  /** Where in the text as it is after the changes before. */
  readonly at: number;
  readonly deleted: number;
  readonly inserted: string;
}

/** What one writer does to the document, as an update that holds this and nothing else. */
function updateBy(doc: Y.Doc, writer: number, changes: readonly Change[]): Uint8Array {
  let update: Uint8Array = Uint8Array.from([0, 0]);
  doc.clientID = writer;
  doc.once("update", (made: Uint8Array) => (update = made));
  const text = doc.getText(ROOT);
  doc.transact(() => {
    for (const { at, deleted, inserted } of changes) {
      if (deleted > 0) text.delete(at, deleted);
      if (inserted !== "") text.insert(at, inserted);
    }
  });
  return update;
}

const tokensOf = (text: string): readonly string[] => text.match(TOKENS) ?? [];

function changesBetween(before: string, after: string): readonly Change[] {
  const [old, fresh] = [tokensOf(before), tokensOf(after)];
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < fresh.length - head && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
  const [was, is] = [old.slice(head, old.length - tail), fresh.slice(head, fresh.length - tail)];
  const parts = diffArrays([...was], [...is], { maxEditLength: MOST_CHANGES });
  let at = textIn(old.slice(0, head)).length;
  if (parts === undefined) return [{ at, deleted: textIn(was).length, inserted: textIn(is) }];
  const changes: Change[] = [];
  for (const { kept = "", deleted = "", inserted = "" } of spansOf(parts)) {
    if (deleted.length + inserted.length > 0) changes.push({ at, deleted: deleted.length, inserted });
    at += kept.length + inserted.length;
  }
  return changes;
}

const textIn = (tokens: readonly string[]): string => tokens.join("");

/** A stretch that stays as it is, or one that another takes the place of. */
type Span = { readonly kept: string; readonly deleted?: never; readonly inserted?: never } | Replaced;
interface Replaced {
  readonly kept?: never;
  readonly deleted: string;
  readonly inserted: string;
}

/** Words that are replaced one after the other are one change: what two people wrote anew stands one behind the other, not word between word. */
function spansOf(parts: ReturnType<typeof diffArrays<string>>): readonly Span[] {
  const spans: Span[] = [];
  for (const { added, removed, value } of parts) {
    const text = textIn(value);
    const [between, before] = [spans.at(-1), spans.at(-2)];
    if (!added && !removed) spans.push({ kept: text });
    else if (between?.kept === undefined && between !== undefined) spans.splice(-1, 1, joined(between, "", text, removed));
    else if (removed && before?.deleted && between?.kept !== undefined && !WORD.test(between.kept))
      spans.splice(-2, 2, joined(before, between.kept, text, true));
    else spans.push(removed ? { deleted: text, inserted: "" } : { deleted: "", inserted: text });
  }
  return spans;
}
const WORD = /[\p{L}\p{N}]/u;

const joined = ({ deleted, inserted }: Replaced, between: string, text: string, removed: boolean): Replaced => ({
  deleted: deleted + between + (removed ? text : ""),
  inserted: inserted + between + (removed ? "" : text),
});

/** What is wrong with an update that comes with an edit, or undefined. What passes does nothing but insert text of its own and delete. */
export function wrongUpdate(update: string, edit: Pick<TextEdit, "author" | "command">): string | undefined {
  const bytes = Buffer.from(update, "base64");
  if (bytes.toString("base64") !== update) return "is not written in base 64";
  let structs: ReturnType<typeof Y.decodeUpdate>["structs"];
  try {
    ({ structs } = Y.decodeUpdate(bytes));
  } catch {
    return "is no Yjs update";
  }
  let inserted = "";
  const [first] = structs;
  for (const struct of structs) {
    if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString)) return "does more than change a text";
    if (struct.id.client !== first?.id.client || struct.id.clock !== inserted.length) return "is not the work of one edit";
    const { parent } = struct as { readonly parent: unknown };
    if (struct.parentSub !== null || (struct.origin === null && struct.rightOrigin === null && parent !== ROOT))
      return "changes another text";
    inserted += struct.content.str;
  }
  const wrong = textWithin(0, LIMITS.bodyBytes)(inserted);
  if (wrong !== undefined) return `inserts what ${wrong}`;
  return first !== undefined && first.id.client !== writerOf(edit, inserted) ? "takes a writer's number that is not its own" : undefined;
}
