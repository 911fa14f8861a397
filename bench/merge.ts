/**
 * A message that two people edited while apart, by processor time: its text out of the send and the two edits, against Yjs alone (one document that
 * takes three updates and says its text); and what the edit costs where it is made, against Yjs alone making the same change.
 */
import * as Y from "yjs";
import type { TextPiece } from "../core/text-merge.ts";
import { birthBy, yjsTexts } from "../reconciliation/text-merge.ts";
import { head, inTurns, sizeOf, tell } from "./measure.ts";

const TIMES = sizeOf(20_000, 4_000);
const sent: TextPiece = {
  ...{ author: "ana", command: "send", whole: true, after: [], updates: [] },
  text: "The quick brown fox jumps over the lazy dog today",
};
function edited(author: string, text: string): TextPiece {
  const update = yjsTexts.change([sent], { author, command: author, text });
  if (update === undefined) throw new Error("no update");
  return { author, command: author, text, whole: false, after: [], updates: [update] };
}
const ana = edited("ana", "The very quick brown fox jumps over the lazy dog today");
const bo = edited("bo", "The quick brown fox jumps over the lazy dog today and tomorrow");
const birth = birthBy(7, sent.text);

function documentOf(updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  return doc;
}
/** The same two edits as a document of its own makes them. */
const apart = [" very", " and tomorrow"].map((words, place) => {
  const doc = documentOf([birth]);
  doc.getText("body").insert(place === 0 ? 3 : sent.text.length, words);
  return Y.encodeStateAsUpdate(doc, Y.encodeStateVectorFromUpdate(birth));
});
const byYjs = (): string =>
  documentOf([birth, ...apart])
    .getText("body")
    .toString();
const byUs = (): string | undefined => yjsTexts.text([sent, ana, bo]);
if (byUs() !== byYjs()) throw new Error(`${byUs()} is not ${byYjs()}`);

/** Microseconds of processor time. */
async function costOf(work: () => unknown): Promise<number> {
  for (let n = 0; n < TIMES / 10; n += 1) work();
  const before = process.cpuUsage();
  for (let n = 0; n < TIMES; n += 1) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / TIMES;
}

head("Merged texts", { yjs: "13.6" });
const text = await inTurns(
  () => costOf(byUs),
  () => costOf(byYjs),
);
const change = await inTurns(
  () => costOf(() => edited("ana", ana.text)),
  () =>
    costOf(() => {
      const doc = documentOf([birth]);
      doc.getText("body").insert(3, " very");
      return Y.encodeStateAsUpdate(doc, Y.encodeStateVectorFromUpdate(birth));
    }),
);
tell([
  { name: "text of a message edited on both sides", unit: "µs", ...text, target: "<= 1.1x", holds: (ours, floor) => ours <= 1.1 * floor },
  { name: "what an edit says", unit: "µs", ...change, target: "<= 2x", holds: (ours, floor) => ours <= 2 * floor },
]);
