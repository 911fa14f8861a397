/** Texts by Yjs, with nothing left to chance (S3, D7). */
import fc from "fast-check";
import { expect, test } from "vitest";
import * as Y from "yjs";
import type { TextPiece } from "../core/text-merge.ts";
import { birthBy, wrongUpdate, yjsTexts } from "./text-merge.ts";

const sent = (text: string): TextPiece => ({ author: "ana", command: "send", text, whole: true, after: [], updates: [] });
/** An edit of what `known` say together. */
function edited(known: readonly TextPiece[], author: string, text: string, command = `edit of ${author}`): TextPiece {
  const update = yjsTexts.change(known, { author, command, text });
  if (update === undefined) throw new Error(`no update for ${text}`);
  return { author, command, text, whole: false, after: [], updates: [update] };
}
const merged = (...pieces: readonly TextPiece[]): string | undefined => yjsTexts.text(pieces);

test("S3: two edits of one text are both in the merged text, in whatever order they are named", () => {
  const birth = sent("The quick brown fox");
  const ana = edited([birth], "ana", "The very quick brown fox");
  const bo = edited([birth], "bo", "The quick brown fox jumps");
  expect(merged(birth, ana, bo)).toBe("The very quick brown fox jumps");
  expect(merged(bo, ana, birth)).toBe("The very quick brown fox jumps");
});

test("S3: one takes a word out, the other adds beside it: neither undoes the other", () => {
  const birth = sent("one two three");
  const ana = edited([birth], "ana", "one three");
  const bo = edited([birth], "bo", "one two and three");
  expect(merged(birth, ana, bo)).toBe("one and three");
});

test("S3: two people who write a line anew have their lines one behind the other, not word between word", () => {
  const birth = sent("Hello world, says she");
  const text = merged(birth, edited([birth], "ana", "Goodbye moon, says she"), edited([birth], "bo", "Welcome mars, says she"));
  expect(["Goodbye moonWelcome mars, says she", "Welcome marsGoodbye moon, says she"]).toContain(text);
});

test("S3: who edits the merged text goes on from it", () => {
  const birth = sent("a b");
  const ana = edited([birth], "ana", "a b c");
  const bo = edited([birth], "bo", "zero a b");
  const cy = edited([birth, ana, bo], "cy", "zero a c!");
  expect(merged(birth, ana, bo, cy)).toBe("zero a c!");
});

test("T3: the same command made against two texts inserts once, and what either took out is out", () => {
  const birth = sent("m");
  const bo = edited([birth], "bo", "m y");
  const [here, there] = [edited([birth], "ana", "m x", "one command"), edited([birth, bo], "ana", "m x", "one command")];
  const twins = { ...here, updates: [...here.updates, ...there.updates] };
  expect(here.updates).not.toEqual(there.updates);
  expect(merged(birth, bo, twins)?.split("x").length).toBe(2);
  expect(merged(birth, bo, twins)).not.toContain("y");
});

test("T3: twins that had to insert other words leave the words of the first alone", () => {
  const birth = sent("one two");
  const bo = edited([birth], "bo", "one two three");
  const here = edited([birth], "ana", "one two three five", "one command");
  const there = edited([birth, bo], "ana", "one two three five", "one command");
  const text = merged(birth, bo, { ...here, updates: [...here.updates, ...there.updates] }) ?? "";
  expect(text.split("five").length).toBe(2);
});

test("D7: a version without an update takes the place of all that it came after, and is edited on", () => {
  const birth = sent("before");
  const edit = edited([birth], "ana", "before that");
  const whole: TextPiece = { author: "bo", command: "too large", text: "something else", whole: true, after: [0, 1], updates: [] };
  expect(merged(birth, edit, whole)).toBe("something else");
  const ana = edited([birth, edit, whole], "ana", "something else entirely");
  const cy = edited([birth, edit, whole], "cy", "now something else");
  expect(merged(birth, edit, whole, ana, cy)).toBe("now something else entirely");
});

test("what an edit builds on is missing: nothing is guessed", () => {
  const birth = sent("a");
  const edit = edited([birth], "ana", "a b");
  expect(merged(edit)).toBeUndefined();
  expect(yjsTexts.change([edit], { author: "bo", command: "c", text: "d" })).toBeUndefined();
  expect(merged()).toBeUndefined();
});

test("where nothing would be left, nothing is merged", () => {
  const birth = sent("one two");
  expect(merged(birth, edited([birth], "ana", "one"), edited([birth], "bo", "two"))).toBeUndefined();
});

test("an edit that is too different is compared by its beginning and end; one that is too long has no update", () => {
  const words = (seed: string, count: number): string => Array.from({ length: count }, (_, n) => `${seed}${(n * 7_919) % 1_000}`).join(" ");
  const birth = sent(`start ${words("a", 1_500)} end`);
  const edit = edited([birth], "ana", `start ${words("b", 1_500)} end`);
  expect(merged(birth, edit)).toBe(edit.text);
  const long = Array.from({ length: 8_000 }, () => "Wörter").join(" ");
  expect(yjsTexts.change([sent("x")], { author: "ana", command: "c", text: long })).toBeUndefined();
});

const words = fc
  .array(fc.constantFrom("a", "b", "cc", "🎉", "é", " ", "\n", "."), { minLength: 1, maxLength: 12 })
  .map((some) => some.join(""));
const texts = words.filter((text) => text.trim() !== "");

test("S5: any edits on any known texts lead to what they say, and together to one text in any order, with any repetition", () => {
  const plan = fc.array(fc.record({ text: texts, knows: fc.nat(), author: fc.constantFrom("ana", "bo", "cy") }), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(texts, plan, fc.infiniteStream(fc.nat()), (birth, edits, chance) => {
      let pieces: readonly TextPiece[] = [sent(birth)];
      for (const [index, { text, knows, author }] of edits.entries()) {
        const known = pieces.slice(0, 1 + (knows % pieces.length));
        const edit = edited(known, author, text, `command ${index}`);
        expect(edited(known, author, text, `command ${index}`).updates).toEqual(edit.updates);
        expect(merged(...known, edit)).toBe(text);
        expect(wrongUpdate(edit.updates[0] ?? "", edit)).toBeUndefined();
        pieces = [...pieces, edit];
      }
      const shuffled = pieces.map((piece) => ({ piece, at: chance.next().value })).sort((a, b) => a.at - b.at);
      expect(merged(...shuffled.map(({ piece }) => piece))).toBe(merged(...pieces));
    }),
    { numRuns: 60 },
  );
});

test("S3: what two people insert is in the merged text whole, wherever they insert it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom<string[]>("a", "b", "c"), { minLength: 1, maxLength: 6 }),
      fc.nat(),
      fc.nat(),
      (base, one, other) => {
        const birth = sent(base.join(" "));
        const with_ = (word: string, at: number): string => base.toSpliced(at % (base.length + 1), 0, word).join(" ");
        const text = merged(birth, edited([birth], "ana", with_("ANA", one)), edited([birth], "bo", with_("BO", other))) ?? "";
        expect(text).toContain("ANA");
        expect(text).toContain("BO");
        expect(text.replaceAll(/ANA|BO| /g, "")).toBe(base.join(""));
      },
    ),
    { numRuns: 100 },
  );
});

test("the update of a whole text is written as Yjs writes it, byte for byte", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), fc.integer({ min: 1, max: 2 ** 52 - 1 }), (text, writer) => {
      const doc = new Y.Doc();
      doc.clientID = writer;
      doc.getText("body").insert(0, text);
      expect(Buffer.from(birthBy(writer, text)).toString("hex")).toBe(Buffer.from(Y.encodeStateAsUpdate(doc)).toString("hex"));
    }),
    { numRuns: 300 },
  );
});

test("A4: an update that is none, or not the edit's own, is refused, and none makes the merge throw", () => {
  const birth = sent("a");
  const [mine] = edited([birth], "ana", "a b", "c").updates as [string];
  const bytes = (doc: Y.Doc): string => Buffer.from(Y.encodeStateAsUpdate(doc)).toString("base64");
  const other = (change: (doc: Y.Doc) => void): string => {
    const doc = new Y.Doc();
    change(doc);
    return bytes(doc);
  };
  const own = { author: "ana", command: "c" };
  expect(wrongUpdate(mine, own)).toBeUndefined();
  expect(wrongUpdate(mine, { author: "bo", command: "c" })).toBe("takes a writer's number that is not its own");
  expect(wrongUpdate(`${mine} `, own)).toBe("is not written in base 64");
  expect(wrongUpdate("////", own)).toBe("is no Yjs update");
  expect(
    wrongUpdate(
      other((doc) => doc.getMap("body").set("a", 1)),
      own,
    ),
  ).toBe("does more than change a text");
  expect(
    wrongUpdate(
      other((doc) => doc.getText("other").insert(0, "a")),
      own,
    ),
  ).toBe("changes another text");
  expect(
    wrongUpdate(
      other((doc) => doc.getText("body").insert(0, "a\u0000")),
      own,
    ),
  ).toBe("inserts what holds control characters");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(200), fc.nat(255), (noise, at, byte) => {
      const bent = Buffer.from(mine, "base64");
      bent[at % bent.length] = byte;
      for (const update of [Buffer.from(noise), bent].map((some) => some.toString("base64"))) {
        if (wrongUpdate(update, own) !== undefined) continue;
        const piece: TextPiece = { ...own, text: "", whole: false, after: [], updates: [update] };
        expect(() => merged(birth, piece, edited([birth], "bo", "z a"))).not.toThrow();
      }
    }),
    { numRuns: 1_000 },
  );
});
