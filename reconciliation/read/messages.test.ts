import { describe, expect, test } from "vitest";
import { at, CHANNEL, disputed, iso, MESSAGE, Story, someone } from "./story.test-model.ts";

const ana = someone("ana");
const BODY = `${CHANNEL}|body|${MESSAGE}`;
const room = `chn_us_${CHANNEL}`;
const id = `msg_us_${MESSAGE}`;
const alone = (): Story => {
  const story = new Story();
  story.create();
  story.send(at(10), "Hello");
  return story;
};

describe("a message", () => {
  test("as sent: its own birth in everything, no edit, no conflict", () => {
    expect(alone().reader.message(ana, room, id)).toEqual({
      id,
      channel: room,
      author: "ana",
      body: "Hello",
      thread: null,
      createdAt: iso(10),
      editedAt: null,
      deleted: false,
      origin: "us",
      version: at(10),
      heads: [at(10)],
      reactions: {},
      conflict: null,
    });
  });

  test("edited by another: the text and its time are the edit's, author and thread stay, metadata is replaced with the body", () => {
    const story = new Story();
    story.create();
    const about = { author: "ana", born: at(10), thread: "msg_us_x" };
    story.tell({
      kind: "message.sent",
      stamp: at(10),
      actor: "ana",
      data: { message: MESSAGE, body: "one", thread: "msg_us_x", metadata: { mood: "calm" }, replaces: [] },
    });
    expect(story.reader.message(ana, room, id)).toMatchObject({ thread: "msg_us_x", metadata: { mood: "calm" } });
    story.tell({
      kind: "message.edited",
      stamp: at(20, "eu"),
      actor: "eve",
      data: { message: MESSAGE, body: "two", metadata: [1], replaces: [at(10)], about },
    });
    const two = story.reader.message(ana, room, id);
    expect(two).toMatchObject({
      author: "ana",
      body: "two",
      thread: "msg_us_x",
      metadata: [1],
      editedAt: iso(20),
      createdAt: iso(10),
      origin: "us",
      version: at(20, "eu"),
    });
    story.tell({
      kind: "message.edited",
      stamp: at(30),
      actor: "ana",
      data: { message: MESSAGE, body: "three", replaces: [at(20, "eu")], about },
    });
    expect(story.reader.message(ana, room, id)).not.toHaveProperty("metadata");
  });

  test("S2: two edits of one version show the later one, both heads, and the conflict; edited on, the conflict is history", () => {
    const story = disputed();
    const shown = story.reader.message(ana, room, id);
    expect(shown).toMatchObject({
      body: "Hello everyone!",
      version: at(30, "eu"),
      heads: [at(20), at(30, "eu")],
      conflict: { state: "open" },
    });
    expect(story.reader.conflict(ana, shown.conflict?.id ?? "").versions).toHaveLength(2);
    story.edit(at(40), "Hello both!", [at(20), at(30, "eu")]);
    expect(story.reader.message(ana, room, id)).toMatchObject({ body: "Hello both!", heads: [at(40)], conflict: null });
  });

  test("S4: deleted, it stays without text, and a late edit beside the delete changes nothing", () => {
    const story = alone();
    story.delete(at(20), [at(10)]);
    const deleted = { body: null, deleted: true, editedAt: null, version: at(20) };
    expect(story.reader.message(ana, room, id)).toMatchObject({ ...deleted, conflict: null });
    story.edit(at(30, "eu"), "late", [at(10)]);
    expect(story.reader.message(ana, room, id)).toMatchObject({ ...deleted, conflict: { state: "open" } });
    expect(story.reader.messages(ana, room, { limit: 9 }).items).toMatchObject([deleted]);
  });

  test("deletes that are not final: the later edit shows its text again", () => {
    const story = alone();
    story.delete(at(20), [at(10)], { deletes: "lww" });
    story.edit(at(30, "eu"), "late", [at(10)]);
    expect(story.reader.message(ana, room, id)).toMatchObject({ body: "late", deleted: false, editedAt: iso(30) });
  });

  test("T3: sent in two cut-off regions it is one message; the smaller stamp gives the tag, and both ids find it", () => {
    const story = new Story();
    story.create();
    story.send(at(12, "us"), "Hello");
    expect(story.reader.message(ana, room, id).id).toBe(`msg_us_${MESSAGE}`);
    story.send(at(11, "eu"), "Hello");
    for (const asked of [`msg_us_${MESSAGE}`, `msg_eu_${MESSAGE}`])
      expect(story.reader.message(ana, room, asked)).toMatchObject({
        id: `msg_eu_${MESSAGE}`,
        createdAt: iso(11),
        editedAt: null,
        heads: [at(11, "eu")],
        conflict: null,
      });
    expect(story.reader.messages(ana, room, { limit: 9 }).items).toHaveLength(1);
  });

  test("H9: an edit whose message is not here yet is kept and not shown; the send makes it visible", () => {
    const story = new Story();
    story.create();
    story.edit(at(20, "eu"), "edited", [at(10)]);
    expect(() => story.reader.message(ana, room, id)).toThrow(expect.objectContaining({ code: "not-found" }));
    expect(() => story.reader.versions(ana, room, id, { limit: 9 })).toThrow(expect.objectContaining({ code: "not-found" }));
    expect(story.reader.messages(ana, room, { limit: 9 }).items).toEqual([]);
    story.send(at(10), "Hello");
    expect(story.reader.message(ana, room, id)).toMatchObject({ body: "edited", editedAt: iso(20) });
  });

  test("D6: versions without a right, or whose right is not here, are not shown", () => {
    for (const stands of ["void", "pending"] as const) {
      const story = alone();
      story.edit(at(20, "eu"), "forged", [at(10)]);
      story.rejudge(BODY, { [at(20, "eu")]: stands });
      expect(story.reader.message(ana, room, id)).toMatchObject({ body: "Hello", editedAt: null });
      expect(story.reader.versions(ana, room, id, { limit: 9 }).items).toHaveLength(1);
      story.rejudge(BODY, { [at(10)]: stands });
      expect(() => story.reader.message(ana, room, id)).toThrow(expect.objectContaining({ code: "not-found" }));
    }
  });

  test("S5: reactions are the same bytes whatever order they came in; a cleared one is gone", () => {
    const told: ((story: Story) => unknown)[] = [
      (story) => story.react(at(20), "👍", "zoe"),
      (story) => story.react(at(21), "👍", "ana"),
      (story) => story.react(at(22), "🎉", "ana"),
      (story) => story.react(at(23, "eu"), "👀", "bo"),
      (story) => story.react(at(24, "eu"), "👀", "bo", false, [at(23, "eu")]),
    ];
    const shown = [told, [...told].reverse()].map((order) => {
      const story = alone();
      for (const tell of order) tell(story);
      return JSON.stringify(story.reader.message(ana, room, id).reactions);
    });
    expect(shown).toEqual([JSON.stringify({ "🎉": ["ana"], "👍": ["ana", "zoe"] }), shown[0]]);
  });
});

describe("versions", () => {
  test("every version in order, with what it replaced; a page goes on where the last one ended", () => {
    const story = disputed();
    const { items, next } = story.reader.versions(ana, room, id, { limit: 2 });
    expect(items).toEqual([
      { stamp: at(10), kind: "sent", author: "ana", origin: "us", value: "Hello", replaces: [], at: iso(10), command: `send ${MESSAGE}` },
      {
        stamp: at(20),
        kind: "edited",
        author: "ana",
        origin: "us",
        value: "Hello world!",
        replaces: [at(10)],
        at: iso(20),
        command: `edit ${at(20)}`,
      },
    ]);
    const rest = story.reader.versions(ana, room, id, { limit: 2, cursor: next ?? "" });
    expect(rest).toMatchObject({ items: [{ stamp: at(30, "eu"), origin: "eu", value: "Hello everyone!" }], next: null });
  });

  test("D5: twins are one version with the smaller stamp; what either replaced is replaced, and who named the later twin names the version", () => {
    const story = alone();
    story.edit(at(20), "a", [at(10)]);
    story.edit(at(32, "eu"), "b", [at(20)], { command: "twice" });
    story.edit(at(31, "ap"), "b", [at(10)], { command: "twice" });
    story.edit(at(40), "c", [at(32, "eu")]);
    const { items } = story.reader.versions(ana, room, id, { limit: 9 });
    expect(items.map(({ stamp, replaces }) => [stamp, replaces])).toEqual([
      [at(10), []],
      [at(20), [at(10)]],
      [at(31, "ap"), [at(10), at(20)]],
      [at(40), [at(31, "ap")]],
    ]);
  });

  test("T2: a stamp that nobody trusts is marked", () => {
    const story = disputed();
    story.distrusted.add(at(30, "eu"));
    story.rejudge(BODY);
    expect(story.reader.message(ana, room, id).body).toBe("Hello world!");
    expect(story.reader.versions(ana, room, id, { limit: 9 }).items.map(({ distrusted }) => distrusted)).toEqual([
      undefined,
      undefined,
      true,
    ]);
  });

  test("S4: texts of a deleted message are withheld from all but auditors and each version's author", () => {
    const story = disputed();
    story.join("bo", 3);
    story.delete(at(40), [at(20), at(30, "eu")]);
    const seen = (...actor: Parameters<typeof someone>) =>
      story.reader.versions(someone(...actor), room, id, { limit: 9 }).items.map(({ value, withheld }) => withheld ?? value);
    expect(seen("ana")).toEqual(["Hello", "Hello world!", true, null]);
    expect(seen("eve")).toEqual([true, true, "Hello everyone!", null]);
    expect(seen("bo")).toEqual([true, true, true, null]);
    expect(seen("audrey", "auditor")).toEqual(["Hello", "Hello world!", "Hello everyone!", null]);
  });
});

describe("who may look", () => {
  test("strangers learn nothing, not even that a channel is there; auditors read versions but no messages", () => {
    const { reader } = alone();
    const refused = expect.objectContaining({ code: "not-found" });
    for (const stranger of [someone("stranger"), someone("audrey", "auditor")]) {
      expect(() => reader.message(stranger, room, id)).toThrow(refused);
      expect(() => reader.messages(stranger, room, { limit: 1 })).toThrow(refused);
      expect(() => reader.channel(stranger, room)).toThrow(refused);
      expect(() => reader.members(stranger, room, { limit: 1 })).toThrow(refused);
      expect(() => reader.memberChannel(stranger, room)).toThrow(refused);
    }
    expect(() => reader.versions(someone("stranger"), room, id, { limit: 1 })).toThrow(refused);
    expect(reader.versions(someone("audrey", "auditor"), room, id, { limit: 1 }).items).toHaveLength(1);
  });

  test("an id that is none, or names a message elsewhere, is not found", () => {
    const { reader } = alone();
    for (const odd of ["msg_us_nothing", `chn_us_${MESSAGE}`, `msg_us_${"x".repeat(26)}`, "", "a|b"])
      expect(() => reader.message(ana, room, odd)).toThrow(expect.objectContaining({ code: "not-found" }));
  });
});
