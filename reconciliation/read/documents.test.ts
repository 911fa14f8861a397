import { expect, test } from "vitest";
import { applyUpdate, Doc } from "yjs";
import { documentSource } from "./documents.ts";
import { at, CHANNEL, Story } from "./story.test-model.ts";

/** Ids of changes are hashes: their order says nothing. */
const idOf = (nth: number): string => String((nth * 7_919) % 10_007).padStart(26, "d");

test("the changes of a document come in the order of their stamps, so that each finds what it was made onto", () => {
  const story = new Story();
  story.create();
  const doc = new Doc();
  const updates: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array) => updates.push(update));
  for (let nth = 0; nth < 300; nth += 1) doc.getText("notes").insert(nth, String(nth % 10));
  for (const [nth, update] of updates.entries())
    story.tell({
      kind: "document.updated",
      stamp: at(10 + nth, nth % 2 === 0 ? "us" : "eu"),
      actor: "ana",
      right: at(1),
      data: { document: null, change: idOf(nth), update: Buffer.from(update).toString("base64") },
    });
  const read = new Doc();
  for (const change of documentSource(story.tables).changes(CHANNEL, null)) {
    applyUpdate(read, Buffer.from(change, "base64"));
    expect(read.store.pendingStructs).toBeNull();
  }
  expect(String(read.getText("notes"))).toBe(String(doc.getText("notes")));
});
