import { describe, expect, test } from "vitest";
import { applyUpdate, Doc } from "yjs";
import { changeOf, Desk, idOf, textOf, writer } from "./document-desk.test-model.ts";
import { at, CHANNEL, MESSAGE } from "./read/story.test-model.ts";

const WORDS = "x".repeat(20_000);

/** A document of which five changes of twenty thousand letters each have come, the first at 10. */
function five(): { readonly desk: Desk; readonly ana: ReturnType<typeof writer> } {
  const desk = new Desk();
  const ana = writer();
  for (let nth = 0; nth < 5; nth += 1)
    for (const update of ana.does(() => ana.text.insert(ana.text.length, WORDS))) desk.tell(changeOf(nth, at(10 + nth), update));
  return { desk, ana };
}

test("the changes of a document come in the order of their stamps, so that each finds what it was made onto", () => {
  const desk = new Desk();
  const ana = writer();
  const updates = ana.does(() => {
    for (let nth = 0; nth < 300; nth += 1) ana.text.insert(nth, String(nth % 10));
  });
  for (const [nth, update] of updates.entries()) desk.tell(changeOf(nth, at(10 + nth, nth % 2 === 0 ? "us" : "eu"), update));
  const read = new Doc();
  for (const change of desk.read()) {
    applyUpdate(read, Buffer.from(change, "base64"));
    expect(read.store.pendingStructs).toBeNull();
  }
  expect(String(read.getText("notes"))).toBe(String(ana.text));
});

describe("a checkpoint", () => {
  test("is made of what nothing can precede any more, and reading begins there, also in the next life of the process", () => {
    const { desk, ana } = five();
    desk.close(12);
    expect([desk.checkpoints(), desk.read().length]).toEqual([[], 5]); // what made it due may still be preceded
    desk.close(14);
    expect([desk.checkpoints(), desk.read().length]).toEqual([[at(14)], 1]);
    for (const update of ana.does(() => ana.text.insert(0, "more "))) desk.tell(changeOf(5, at(20), update));
    expect([desk.read().length, desk.text() === String(ana.text)]).toEqual([2, true]);
    desk.restart();
    expect([desk.read().length, desk.text() === String(ana.text)]).toEqual([2, true]);
    expect(desk.rows()).toEqual({ states: 1, tails: 1 });
  });

  test("holds what is left and not what was deleted, however much that was", () => {
    const { desk, ana } = five();
    for (const [nth, update] of ana
      .does(() => {
        ana.text.delete(0, ana.text.length);
        ana.text.insert(0, "all that is left");
      })
      .entries())
      desk.tell(changeOf(5 + nth, at(20 + nth), update));
    desk.close(30);
    const [state = "", ...more] = desk.read();
    expect([more, textOf([state])]).toEqual([[], "all that is left"]);
    expect(state.length).toBeLessThan(200);
  });

  test("is of one document: others, and those of another channel, are read as they are", () => {
    const { desk, ana } = five();
    desk.close(14);
    const [update = new Uint8Array()] = ana.does(() => ana.text.insert(0, "y"));
    const { data, ...said } = changeOf(5, at(20), update);
    desk.tell({ ...said, data: { ...data, document: "plan" } });
    expect([...desk.documents.changes(CHANNEL, "plan")].length).toBe(1);
    expect([...desk.documents.changes(MESSAGE, null)]).toEqual([]);
    expect(desk.read().length).toBe(1);
  });

  test("keeps apart what two regions made in one millisecond, also where one is called as the other begins", () => {
    const { desk, ana } = five();
    const [update = new Uint8Array()] = ana.does(() => ana.text.insert(0, "at once "));
    desk.tell(changeOf(5, at(14, "us2"), update));
    desk.close(13, 14);
    desk.rejudge(idOf(5), { [at(14, "us2")]: "void" });
    expect([desk.checkpoints(), desk.text() === desk.told()]).toEqual([[], true]);
    desk.close(14);
    expect(desk.checkpoints()).toEqual([at(14)]);
    desk.rejudge(idOf(5), { [at(14, "us2")]: "ok" });
    expect([desk.checkpoints(), desk.read().length, desk.text() === String(ana.text)]).toEqual([[at(14)], 2, true]);
  });

  test("takes in what comes under a small stamp but above it, and is taken away by what comes below", () => {
    const { desk } = five();
    const eve = writer();
    desk.close(14);
    const [above = new Uint8Array()] = eve.does(() => eve.text.insert(0, "above "));
    const [below = new Uint8Array()] = eve.does(() => eve.text.insert(0, "below "));
    desk.tell(changeOf(6, at(15, "eu"), above));
    expect(desk.checkpoints()).toEqual([at(14)]);
    desk.tell(changeOf(7, at(11, "eu"), below));
    expect(desk.checkpoints()).toEqual([]);
    expect(desk.text()).toBe(desk.told());
    expect(desk.text().startsWith("below above ") || desk.text().endsWith("below above ")).toBe(true);
    desk.close(20);
    expect([desk.checkpoints(), desk.read().length, desk.text() === desk.told()]).toEqual([[at(15, "eu")], 1, true]);
    expect(desk.rows()).toEqual({ states: 1, tails: 0 });
  });

  test.each([
    ["a right that comes late", "pending"],
    ["a verdict that takes it away", "void"],
  ] as const)("follows %s", (_, standing) => {
    const { desk } = five();
    desk.close(14);
    const whole = desk.text();
    desk.rejudge(idOf(4), { [at(14)]: standing });
    expect(desk.checkpoints()).toEqual([]);
    expect([desk.text(), desk.text().length]).toEqual([desk.told(), whole.length - WORDS.length]);
    desk.read();
    desk.close(14);
    expect([desk.checkpoints(), desk.text()]).toEqual([[at(13)], desk.told()]);
    desk.rejudge(idOf(4), { [at(14)]: "ok" });
    expect([desk.text(), desk.text()]).toEqual([whole, desk.told()]);
  });

  test("D5: stands where a twin comes later, and falls where it came before, with the same text", () => {
    const { desk } = five();
    const eve = writer();
    const [update = new Uint8Array()] = eve.does(() => eve.text.insert(0, "twice "));
    desk.tell(changeOf(6, at(13, "eu"), update));
    desk.close(14);
    const text = desk.text();
    desk.tell(changeOf(6, at(16, "ap"), update));
    expect([desk.checkpoints(), desk.text()]).toEqual([[at(14)], text]);
    desk.tell(changeOf(6, at(12, "ap"), update));
    expect([desk.checkpoints(), desk.text(), desk.told()]).toEqual([[], text, text]);
  });

  test("while a region is cut off is made without it; what it wrote meanwhile takes only that one away", () => {
    const { desk, ana } = five();
    desk.close(14);
    const write = (nth: number): void => {
      for (const update of ana.does(() => ana.text.insert(0, WORDS))) desk.tell(changeOf(nth, at(10 + nth), update));
    };
    for (const nth of [10, 11, 12, 13]) write(nth);
    desk.close(15, 40);
    expect([desk.checkpoints(), desk.read().length]).toEqual([[at(14), at(23)], 1]);
    for (const nth of [14, 15, 16, 17]) write(nth);
    desk.close(15, 40);
    expect([desk.checkpoints(), desk.read().length, desk.rows().states]).toEqual([[at(14), at(27)], 1, 2]);
    const eve = writer();
    for (const update of eve.does(() => eve.text.insert(0, "from over there "))) desk.tell(changeOf(30, at(21, "eu"), update));
    expect([desk.checkpoints(), desk.read().length]).toEqual([[at(14)], 1 + 8 + 1]);
    expect(desk.text()).toBe(desk.told());
    desk.close(50);
    expect([desk.checkpoints(), desk.read().length, desk.text() === desk.told()]).toEqual([[at(27)], 1, true]);
    expect(desk.rows()).toEqual({ states: 1, tails: 0 });
  });

  test("what Yjs cannot read says nothing, and what waits for its cause waits on in it", () => {
    const { desk } = five();
    const eve = writer();
    const [cause = new Uint8Array(), late = new Uint8Array()] = eve.does(() => {
      eve.text.insert(0, "cause ");
      eve.text.insert(6, "and effect ");
    });
    desk.tell(changeOf(6, at(11, "eu"), new Uint8Array([0, 1, 2, 3])));
    desk.tell(changeOf(7, at(13, "eu"), late));
    desk.close(14);
    expect([desk.checkpoints(), desk.text().includes("effect")]).toEqual([[at(14)], false]);
    desk.tell(changeOf(8, at(20, "eu"), cause));
    expect([desk.read().length, desk.text().includes("cause and effect ")]).toEqual([2, true]);
  });
});
