/** What whoever asks for a whole document is given, and when. */
import { afterEach, describe, expect, test } from "vitest";
import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector } from "yjs";
import { LIMITS } from "../../core/limits.ts";
import { ends, openRoom, soon } from "./room.test-model.ts";
import { readFrame } from "./wire.ts";

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A document of that many letters, as one update. */
function pages(letters: number): Uint8Array {
  const doc = new Doc();
  doc.getText("notes").insert(0, "x".repeat(letters));
  return encodeStateAsUpdate(doc);
}

describe("the whole document", () => {
  test("is encoded once for all who ask, and one person's sockets are given so much of it a second, whoever else asks", async () => {
    const { join, second } = openRoom(Array.from({ length: 10 }, () => pages(200_000)));
    const all = Array.from({ length: 20 }, () => join("ana"));
    const ben = join("ben");
    const bytes = (some: readonly { readonly answers: () => Uint8Array[] }[]): number =>
      some.flatMap((one) => one.answers()).reduce((sum, { length }) => sum + length, 0);
    for (let seconds = 1; seconds <= 6; seconds += 1) {
      for (let nth = 0; nth < LIMITS.documentAsksPerSecond; nth += 1) {
        for (const one of all) one.asks();
        await soon();
      }
      ben.asks();
      await soon();
      expect(bytes(all)).toBeLessThan(seconds * LIMITS.documentAnswerBytes + 2_100_000);
      expect(ben.answers().length).toBe(seconds);
      second();
      await soon();
    }
    expect(new Set([ben, ...all].flatMap((one) => one.answers())).size).toBe(1);
    for (let seconds = 0; seconds < 20; seconds += 1) {
      second();
      await soon();
    }
    for (const one of all) expect(one.answers().length).toBeGreaterThan(0);
  });

  test("is made anew where it has changed; who has a part of it is given the rest", async () => {
    const { room, join } = openRoom([pages(1_000)]);
    const [ana, ben] = [join("ana"), join("ben")];
    const doc = new Doc();
    const read = ({ answers }: typeof ana, into = new Doc()): readonly [bytes: number, letters: number] => {
      const frame = readFrame(answers().at(-1) ?? new Uint8Array());
      if (frame.type === "change") applyUpdate(into, frame.update);
      return [answers().at(-1)?.length ?? 0, into.getText("notes").length];
    };
    ana.asks();
    await soon();
    const [whole, letters] = read(ana, doc);
    expect(letters).toBe(1_000);
    const typist = new Doc();
    typist.getText("notes").insert(0, "more");
    room.take(ben.seat, { type: "change", update: encodeStateAsUpdate(typist) });
    room.take(ana.seat, { type: "ask", vector: encodeStateVector(doc) });
    ben.asks();
    await room.settled();
    const [rest, together] = read(ana, doc);
    expect([rest < 100, together]).toEqual([true, 1_004]);
    const [again, all] = read(ben);
    expect([again > whole, all]).toEqual([true, 1_004]);
  });

  test("is given to whoever comes while many type without a pause, and no letter of theirs is lost, also of one who leaves", async () => {
    const { room, log, join } = openRoom([], soon);
    const typists = Array.from({ length: 10 }, (_, nth) => {
      const doc = new Doc();
      const { seat } = join(`typist-${nth}`);
      doc.on("update", (update: Uint8Array) => room.take(seat, { type: "change", update }));
      return { seat, types: () => doc.getText("notes").insert(0, "x") };
    });
    const newcomer = join("ana");
    let rounds = 0;
    for (; newcomer.answers().length === 0 && rounds < 1_000; rounds += 1) {
      for (const { types } of typists) types();
      if (rounds === 20) newcomer.asks();
      await soon();
    }
    expect(rounds).toBeLessThan(200);
    newcomer.asks();
    for (const { types, seat } of typists) {
      types();
      room.leave(seat);
    }
    await room.settled();
    const told = new Doc();
    for (const { update } of log) applyUpdate(told, Buffer.from(update, "base64"));
    expect(told.getText("notes").length).toBe((rounds + 1) * typists.length);
  });

  test("counts what is on its way into the log: who says more than it may hold is stopped before the log has any of it", () => {
    const { room, join } = openRoom([], () => new Promise(() => {}));
    const { seat } = join("ana");
    const doc = new Doc();
    let taken = 0;
    doc.on("update", (update: Uint8Array) => {
      room.take(seat, { type: "change", update });
      taken += update.length;
    });
    const flood = (): void => {
      for (let nth = 0; nth < 100; nth += 1) doc.getText("notes").insert(0, "x".repeat(200_000));
    };
    expect(flood).toThrow(expect.objectContaining({ code: "too-large" }));
    expect(taken).toBeLessThanOrEqual(LIMITS.documentBytes);
  });
});
