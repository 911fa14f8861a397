import { beforeEach, describe, expect, test } from "vitest";
import type { Event, Placed } from "../core/event.ts";
import { identityOf } from "../core/identity.ts";
import { formatStamp } from "../core/stamp.ts";
import { Gate } from "./gate.ts";

const HASH = "0".repeat(32);
const sent = (n: number, more: object = {}): Event =>
  ({
    v: 1,
    rules: 1,
    stamp: formatStamp(1_700_000_000_000 + n, 0, "us"),
    actor: "ana",
    command: `c${n}`,
    content: HASH,
    said: HASH,
    after: {},
    right: formatStamp(1_600_000_000_000, 0, "us"),
    policy: "lww",
    deletes: "final",
    kind: "message.sent",
    channel: "a".repeat(26),
    data: { message: identityOf("message", "ana", `c${n}`), body: `text ${n}`, thread: null, replaces: [] },
    ...more,
  }) as Event;
const text = (...events: readonly unknown[]): string => JSON.stringify(events);

let told: string[];
let room: boolean;
let gate: Gate;
const open = (after = 0): Gate =>
  new Gate({
    origin: "us",
    epoch: 1,
    after,
    take: (events: readonly Placed[], sequence) =>
      told.push(`${sequence}:${events.map(({ position, event }) => `${position.place}${event.kind}`).join()}`),
    quarantine: ({ sequence, place }, reason) => told.push(`${sequence}!${place} ${reason}`),
    room: () => room,
  });
beforeEach(() => {
  told = [];
  room = true;
  gate = open();
});
const one = (n: number): string => text(sent(n));

describe("H2: behind the gate every message stands once and in order", () => {
  test("the next one is taken, a repeat is dropped before it is parsed", () => {
    expect(gate.accept(1, one(1))).toBe("taken");
    expect(gate.accept(1, "{ this is no JSON")).toBe("old");
    expect(told).toEqual(["1:0message.sent"]);
    expect(gate.counts).toEqual({ gaps: 0, duplicates: 1, quarantined: 0 });
  });

  test("a hole is refused, counted once, and what lay beyond it is not asked for twice", () => {
    expect(gate.accept(3, one(3))).toBe("hole");
    expect(gate.accept(4, one(4))).toBe("hole");
    expect(gate.accept(2, one(2))).toBe("hole");
    expect(told).toEqual([]);
    expect(gate.accept(1, one(1))).toBe("taken");
    expect(told.map((line) => line[0])).toEqual(["1", "2", "3", "4"]);
    expect(gate.position).toBe(4);
    expect(gate.counts.gaps).toBe(1);
  });

  test("what lies far ahead is not kept: the buffer is bounded in messages and in size", () => {
    expect(gate.accept(500, one(500))).toBe("hole");
    for (let n = 2; n < 200; n += 1) expect(gate.accept(n, one(n))).toBe("hole");
    expect(gate.accept(1, one(1))).toBe("taken");
    expect(gate.position).toBe(64);

    const wide = open();
    const megabyte = text(sent(1, { data: "x".repeat(1_048_576) }));
    for (const n of [2, 3, 4]) wide.accept(n, megabyte);
    wide.accept(1, one(1));
    expect(wide.position).toBe(2);
  });

  test("a gate that starts in the middle of the log waits for the message after its position", () => {
    gate = open(41);
    expect(gate.accept(41, one(41))).toBe("old");
    expect(gate.accept(42, one(42))).toBe("taken");
  });

  test("what can be had from nobody is skipped, and what waited behind it passes", () => {
    gate.accept(7, one(7));
    gate.skip(6);
    expect(told.map((line) => line[0])).toEqual(["7"]);
    expect(gate.accept(5, one(5))).toBe("old");
  });

  test("a region's own events pass without being parsed, in the order of the log though their acks come in another", () => {
    expect(gate.acceptEvents(2, [sent(2)])).toBe("hole");
    expect(gate.acceptEvents(1, [sent(1), sent(11)])).toBe("taken");
    expect(told).toEqual(["1:0message.sent,1message.sent", "2:0message.sent"]);
  });
});

describe("H13: back-pressure", () => {
  test("without room nothing passes and nothing is kept; the log holds it", () => {
    room = false;
    expect(gate.accept(1, one(1))).toBe("full");
    expect(gate.accept(2, one(2))).toBe("hole");
    room = true;
    expect(gate.accept(1, one(1))).toBe("taken");
    expect(gate.position).toBe(1);
  });

  test("what was kept when room ran out passes when it is back", () => {
    gate.accept(2, one(2));
    gate.accept(3, one(3));
    room = false;
    expect(gate.accept(1, one(1))).toBe("full");
    room = true;
    gate.accept(1, one(1));
    expect(gate.position).toBe(3);
  });
});

describe("H7: the barrier of verify", () => {
  test("while held, messages up to the barrier pass and later ones wait until the release", () => {
    gate.accept(1, one(1));
    gate.hold();
    expect([gate.accept(2, one(2)), gate.accept(3, one(3))]).toEqual(["taken", "taken"]);
    expect(gate.accept(2, one(2))).toBe("taken");
    expect(gate.position).toBe(1);
    gate.release(2);
    expect(gate.position).toBe(2);
    gate.accept(4, one(4));
    expect(gate.position).toBe(2);
    gate.release();
    expect(gate.position).toBe(4);
    expect(told).toHaveLength(4);
  });

  test("a barrier ahead of what has come lets it pass when it comes", () => {
    gate.hold();
    gate.release(2);
    for (const n of [1, 2, 3]) gate.accept(n, one(n));
    expect(gate.position).toBe(2);
    expect(gate.held).toBe(true);
  });

  test("what does not fit while held is answered full, and nothing is lost", () => {
    gate.hold();
    const answers = Array.from({ length: 80 }, (_, n) => gate.accept(n + 1, one(n + 1)));
    expect(answers.filter((answer) => answer === "taken")).toHaveLength(64);
    expect(answers.at(-1)).toBe("hole");
    expect(answers[64]).toBe("full");
    gate.release();
    expect(gate.position).toBe(64);
    expect(gate.accept(65, one(65))).toBe("taken");
  });
});

describe("A4, H14: what cannot be taken never stops the log", () => {
  test("a malformed message is quarantined whole", () => {
    for (const [n, bad] of ["no JSON", "{}", "null", "[]"].entries()) expect(gate.accept(n + 1, bad)).toBe("taken");
    expect(gate.accept(5, one(5))).toBe("taken");
    expect(told).toEqual([
      "1!0 the message is no JSON array of events",
      "2!0 the message is no JSON array of events",
      "3!0 the message is no JSON array of events",
      "4!0 the message holds no event",
      "5:0message.sent",
    ]);
    expect(gate.counts.quarantined).toBe(4);
  });

  test("a bad event among good ones stands aside in its place; calls come in the order of places", () => {
    gate.accept(1, text(sent(1), sent(2, { v: 2 }), sent(3)));
    expect(told).toEqual(["1:0message.sent", "1!1 the event has the envelope version 2, known is 1", "1:2message.sent"]);
  });

  test("nesting that would exhaust the stack is quarantined like anything else", () => {
    const deep = "[".repeat(200_000) + "]".repeat(200_000);
    expect(gate.accept(1, `[${deep}]`)).toBe("taken");
    expect(told[0]).toMatch(/^1!0 the event/);
  });
});
