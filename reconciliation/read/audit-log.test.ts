import { describe, expect, test } from "vitest";
import { at, CHANNEL, disputed, iso, MESSAGE, someone } from "./story.test-model.ts";

const audrey = someone("audrey", "auditor");
const room = `chn_us_${CHANNEL}`;

describe("the audit log", () => {
  test("A3: holds each version whole, as its region wrote it down, and each verdict", () => {
    const story = disputed();
    const { items, next } = story.reader.auditEntries(audrey, { limit: 99 });
    expect(items.map(({ seq, kind }) => [seq, kind])).toEqual([
      [1, "version"],
      [2, "version"],
      [3, "version"],
      [4, "version"],
      [5, "version"],
      [6, "verdict"],
    ]);
    expect(next).toBeNull();
    expect(items[2]).toMatchObject({
      region: "us",
      at: iso(1_000),
      position: "us.1.3.0",
      what: "message.sent",
      actor: "ana",
      stamp: at(10),
    });
    expect(items[2]?.["fact"]).toEqual(story.tables.get("events", `${CHANNEL}|us|000001.00000000000003.000000`)?.event);
    expect(items[5]).toMatchObject({
      register: { kind: "message.body", channel: room, message: `msg_us_${MESSAGE}` },
      conflict: expect.stringMatching(/^cfl_/),
      winner: at(30, "eu"),
      losers: [at(20)],
      rule: "lww",
      reason: "stamp",
    });
  });

  test("a restore stands in it with its conflict", () => {
    const story = disputed();
    const [conflict] = story.reader.conflicts(audrey, {}, { limit: 1 }).items;
    story.restore(at(40), "Hello world!", [at(20), at(30, "eu")], { conflict: conflict?.id ?? "", version: at(20) });
    expect(story.reader.auditEntries(audrey, { limit: 99 }).items).toContainEqual(
      expect.objectContaining({ kind: "restore", conflict: conflict?.id, restoredBy: at(40), by: "ana" }),
    );
  });

  test("facts that only one person hears, and that nobody hears, stand in it too", () => {
    const story = disputed();
    const read = story.tell({
      kind: "read.marked",
      stamp: at(40),
      actor: "ana",
      data: { message: MESSAGE, born: at(10), upTo: {}, replaces: [] },
    });
    expect(read.sequence).toBe(5);
    expect(story.reader.auditEntries(audrey, { limit: 99 }).items.at(-1)?.["fact"]).toMatchObject({ kind: "read.marked", actor: "ana" });
    const opened = {
      kind: "epoch.opened",
      stamp: at(41),
      actor: "us",
      channel: null,
      data: { previous: { epoch: 1, sequence: 3 } },
    } as const;
    story.tell(opened);
    expect(story.reader.auditEntries(audrey, { limit: 99 }).items.at(-1)?.["fact"]).toMatchObject(opened);
  });

  test("pages go on after a sequence; heads name the last", () => {
    const { reader } = disputed();
    const first = reader.auditEntries(audrey, { limit: 4 });
    const rest = reader.auditEntries(audrey, { limit: 4, cursor: first.next ?? "" });
    expect([...first.items, ...rest.items].map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect([first.next, rest.next]).toEqual(["4", null]);
    expect(reader.auditHeads(audrey)).toEqual({ us: { seq: 6, hash: rest.items.at(-1)?.hash } });
    expect(rest.items[0]?.prev).toBe(first.items.at(-1)?.hash);
    expect(() => reader.auditEntries(audrey, { limit: 4, cursor: "x" })).toThrow(expect.objectContaining({ code: "invalid" }));
  });

  test("only auditors read it", () => {
    const { reader } = disputed();
    for (const actor of [someone("ana"), someone("olga", "operator")]) {
      expect(() => reader.auditEntries(actor, { limit: 1 })).toThrow(expect.objectContaining({ code: "forbidden" }));
      expect(() => reader.auditHeads(actor)).toThrow(expect.objectContaining({ code: "forbidden" }));
    }
  });
});
