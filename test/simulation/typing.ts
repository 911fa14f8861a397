/** What a person types into, or deletes from, a document as their region shows it. */
import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector, type Text } from "yjs";
import type { CommandOf } from "../../core/command.ts";
import type { Person } from "./people.ts";
import type { Step } from "./plan.ts";
import type { RunningRegion } from "./running-region.ts";

/** What the text is called in every document. */
const TEXT = "notes";

export function typed(
  { reader, documents }: RunningRegion,
  { actor }: Person,
  { dice: [die, other, third] }: Step,
  { id, channel }: { readonly id: string; readonly channel: string },
): CommandOf<"document.update"> | undefined {
  const document = third < 0.2 ? "plan" : null;
  const doc = documentOf(documents.changes(reader.memberChannel(actor, channel), document));
  const before = encodeStateVector(doc);
  // Nothing is left to chance: each command is a writer of its own.
  doc.clientID = Number(id.slice(1));
  doc.transact(() => write(doc.getText(TEXT), id, { die, other }));
  const update = Buffer.from(encodeStateAsUpdate(doc, before)).toString("base64");
  return { kind: "document.update", id, channel, document, update };
}

function write(text: Text, id: string, { die, other }: { readonly die: number; readonly other: number }): void {
  const at = Math.floor(die * (text.length + 1));
  if (other < 0.3) text.delete(at, Math.min(12, text.length - at));
  else text.insert(at, `${id} `);
}

function documentOf(changes: Iterable<string>): Doc {
  const doc = new Doc();
  for (const change of changes) applyUpdate(doc, Buffer.from(change, "base64"));
  return doc;
}
export const textOf = (changes: Iterable<string>): string => documentOf(changes).getText(TEXT).toString();
