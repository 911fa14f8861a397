import fc from "fast-check";
import { expect, test } from "vitest";
import { wireFrame } from "../wire-frame.ts";
import { frameOf, KINDS, RecordBatch, type RecordKind, readRecords } from "./records.ts";

const kinds = Object.keys(KINDS) as RecordKind[];
const said = fc.record({ kind: fc.constantFrom(...kinds), line: fc.option(fc.nat(0xffffffff), { nil: undefined }), text: fc.string() });

test("what is packed is read again, in order", () => {
  fc.assert(
    fc.property(fc.array(said), (all) => {
      const batch = new RecordBatch();
      for (const { kind, line, text } of all) batch.add(kind, line, text);
      const read = [...readRecords(batch.take())].map(({ kind, lines, payload }) => ({ kind, line: lines[0], text: payload.toString() }));
      expect(read).toEqual(all.map(({ kind, line, text }) => ({ kind, line, text: Buffer.from(text).toString() })));
      expect(batch.bytes).toBe(0);
    }),
  );
});

test("M6: a frame that goes to many lines is carried once, and no line's order changes", () => {
  const batch = new RecordBatch();
  const [news, reply] = [wireFrame("news", true), wireFrame("reply")];
  for (const line of [1, 2, 3]) batch.frame(line, news);
  batch.frame(2, reply);
  batch.frame(4, news);
  const read = [...readRecords(batch.take())];
  expect(read.map(({ lines, payload }) => [lines, payload.subarray(2).toString()])).toEqual([
    [[1, 2, 3], "news"],
    [[2], "reply"],
    [[4], "news"],
  ]);
});

test("a frame of any length arrives as it was made", () => {
  for (const length of [0, 125, 126, 65_535, 65_536, 200_000]) {
    const frame = wireFrame("x".repeat(length));
    const batch = new RecordBatch();
    batch.frame(7, frame);
    const [read] = [...readRecords(batch.take())];
    expect(frameOf(read?.payload as Buffer, false)).toMatchObject({ headerBytes: frame.headerBytes, bytes: frame.bytes });
  }
});

test("a frame that waits for a slow client does not keep the message it came in", () => {
  const batch = new RecordBatch();
  batch.frame(1, wireFrame("x".repeat(1_000_000)));
  batch.frame(2, wireFrame("small"));
  const [, small] = [...readRecords(batch.take())];
  expect(frameOf(small?.payload as Buffer, false).bytes.buffer.byteLength).toBeLessThan(100_000);
});

test("whatever bytes come, they are records or a RangeError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        for (const { payload } of readRecords(Buffer.from(bytes))) expect(payload.length).toBeLessThan(64);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
  );
});
