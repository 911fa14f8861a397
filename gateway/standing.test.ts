/** Which cursor goes with a frame (H3): it says of no channel more, or less, than the client was given of it. */
import { expect, test } from "vitest";
import type { Vector } from "../core/position.ts";
import { decodeCursor, placeOf } from "./cursor.ts";
import { Standing } from "./standing.ts";

const ROOM = "a".repeat(26);
const HALL = "b".repeat(26);
const us = (sequence: number): Vector => ({ us: { epoch: 1, sequence, place: 0 } });
const standing = (): Standing => new Standing({ cursor: undefined, applied: us(1), now: () => 0, mesh: undefined });
const saidOf = (channel: string, text: string): Vector => placeOf(decodeCursor(text), channel);

test("who is removed while they catch up finds in every later cursor how far they had come", () => {
  const one = standing();
  one.begin(ROOM, ROOM).at = us(3);
  one.end(ROOM, us(9));
  expect(saidOf(ROOM, one.cursor(us(12)))).toEqual(us(3));
  expect([saidOf("@", one.cursor(us(12))), saidOf(HALL, one.cursor(us(12)))]).toEqual([us(12), us(12)]);
  const again = one.begin(ROOM, ROOM, decodeCursor(one.cursor(us(12))));
  expect(again.at).toEqual(us(3));
  one.settle(again, us(12));
  expect(one.isPlain(us(12))).toBe(true);
});

test("who was ahead of this region and leaves is given nothing twice", () => {
  const one = standing();
  const stream = one.begin(ROOM, ROOM);
  stream.at = us(20);
  one.settle(stream, us(9));
  one.end(ROOM, us(9));
  expect(saidOf(ROOM, one.cursor(us(12)))).toEqual(us(20));
});

test("a channel that is left live costs no later cursor a word", () => {
  const one = standing();
  one.settle(one.begin(ROOM, ROOM), us(1));
  one.end(ROOM, us(9));
  expect(one.isPlain(us(12))).toBe(true);
});

test("a client that leaves thousands half-way gets a cursor that is taken back", () => {
  const one = standing();
  for (let n = 0; n < 3_000; n += 1) {
    const channel = n.toString(36).padStart(26, "0");
    one.begin(channel, channel).at = us(n + 2);
    one.end(channel, us(9));
  }
  expect(saidOf((2_999).toString(36).padStart(26, "0"), one.cursor(us(5_000)))).toEqual(us(3_001));
});
