import { describe, expect, test } from "vitest";
import { identityIn } from "../../core/ids.ts";
import { vectorText } from "../../core/position.ts";
import { at, CHANNEL, iso, MESSAGE, Story, someone } from "./story.test-model.ts";

const ana = someone("ana");
const room = `chn_us_${CHANNEL}`;
const about = { name: "x", topic: null, policy: "lww", deletes: "final", born: at(5) } as const;
const refused = (code: string) => expect.objectContaining({ code });
const message = (n: number): string => String(n).padStart(26, "m");
const filled = (count: number): Story => {
  const story = new Story();
  story.create();
  for (let n = 1; n <= count; n += 1)
    story.send(at(10 * n, n % 2 === 0 ? "eu" : "us"), `text ${n}`, { message: message(n), actor: n % 2 === 0 ? "eve" : "ana" });
  return story;
};
const texts = (page: { readonly items: readonly { readonly body: string | null }[] }) => page.items.map(({ body }) => body?.slice(5));

describe("a channel", () => {
  test("is what its four registers show; its version is the greatest of their winners", () => {
    const story = new Story();
    story.create({ time: 5, alias: "lobby" });
    const created = { id: room, name: "room", topic: null, policy: "lww", deletes: "final", createdAt: iso(5), version: at(5) };
    for (const asked of [room, `chn_eu_${CHANNEL}`, "lobby"]) expect(story.reader.channel(ana, asked)).toEqual(created);
    story.tell({
      kind: "channel.changed",
      stamp: at(20),
      actor: "ana",
      right: at(5),
      data: { topic: "tea", replaces: { topic: [at(5)] }, about },
    });
    story.tell({
      kind: "channel.changed",
      stamp: at(15, "eu"),
      actor: "ana",
      right: at(5),
      data: { policy: "merge", deletes: "lww", replaces: { policy: [at(5)], deletes: [at(5)] }, about },
    });
    expect(story.reader.channel(ana, room)).toEqual({ ...created, topic: "tea", policy: "merge", deletes: "lww", version: at(20) });
  });

  test("T2: a change stamped before the creation by a slower clock does not pass for the birth", () => {
    const story = new Story();
    story.create({ time: 3_600_000, region: "eu" });
    story.tell({
      kind: "channel.changed",
      stamp: at(20),
      actor: "ana",
      right: at(3_600_000, "eu"),
      data: { name: "new", replaces: { name: [at(3_600_000, "eu")] }, about },
    });
    expect(story.reader.channel(ana, room)).toMatchObject({ id: `chn_eu_${CHANNEL}`, name: "new", createdAt: iso(3_600_000) });
  });

  test("whose creation is not here yet is neither shown nor listed", () => {
    const story = new Story();
    story.join("ana", 5);
    expect(() => story.reader.channel(ana, room)).toThrow(refused("not-found"));
    expect(story.reader.channels(ana, { limit: 9 }).items).toEqual([]);
    expect([story.reader.isMember("ana", CHANNEL), story.reader.channelsOf("ana"), story.reader.shownChannel(CHANNEL)]).toEqual([
      true,
      [CHANNEL],
      `chn_unknown_${CHANNEL}`,
    ]);
    expect(identityIn("channel", story.reader.shownChannel(CHANNEL))).toBe(CHANNEL);
  });

  test("its members by name, a page at a time; who was removed is no member", () => {
    const story = new Story();
    story.create();
    for (const [i, user] of ["eve", "bo", "bo-b", "zoe"].entries())
      story.join(user, 5 + i, { role: user === "eve" ? "moderator" : "member" });
    story.tell({ kind: "member.removed", stamp: at(20), actor: "ana", right: at(1), data: { user: "zoe", replaces: [at(8)] } });
    const first = story.reader.members(ana, room, { limit: 2 });
    const rest = story.reader.members(ana, room, { limit: 2, cursor: first.next ?? "" });
    expect([...first.items, ...rest.items]).toEqual([
      { user: "ana", role: "owner" },
      { user: "bo", role: "member" },
      { user: "bo-b", role: "member" },
      { user: "eve", role: "moderator" },
    ]);
    expect(rest.next).toBeNull();
    expect(story.reader.usersOf(CHANNEL)).toEqual(["ana", "bo", "bo-b", "eve"]);
    expect([story.reader.isMember("zoe", CHANNEL), story.reader.channelsOf("zoe")]).toEqual([false, []]);
  });
});

describe("a channel's history", () => {
  test("newest first by birth, whole by pages, each message once", () => {
    const { reader } = filled(7);
    const paged: (string | undefined)[] = [];
    for (let before: string | null = "", page: ReturnType<typeof reader.messages>; before !== null; before = page.next) {
      page = reader.messages(ana, room, before === "" ? { limit: 3 } : { limit: 3, before });
      paged.push(...texts(page));
    }
    expect(paged).toEqual(["7", "6", "5", "4", "3", "2", "1"]);
    expect(reader.messages(ana, room, { limit: 7 }).next).toBeNull();
  });

  test("before and after are exclusive; ids of either tag, or times", () => {
    const { reader } = filled(7);
    const asked = (ask: { readonly before?: string; readonly after?: string; readonly limit?: number }) =>
      texts(reader.messages(ana, room, { limit: 9, ...ask }));
    expect(asked({ before: `msg_eu_${message(3)}` })).toEqual(["2", "1"]);
    expect(asked({ after: `msg_us_${message(5)}` })).toEqual(["7", "6"]);
    expect(asked({ before: iso(30), after: iso(10) })).toEqual(["2"]);
    expect(asked({ after: iso(29), before: "1970-01-01T00:00:00.041Z" })).toEqual(["4", "3"]);
    expect(asked({ after: `msg_us_${message(1)}`, limit: 2 })).toEqual(["7", "6"]);
    expect(asked({ before: iso(5) })).toEqual([]);
    for (const odd of ["\u0000nonsense", "soon", "7", "1970-01-01", "-271821-04-20T00:00:00Z"])
      expect(() => asked({ before: odd })).toThrow(refused("invalid"));
    expect(() => asked({ after: `msg_us_${"z".repeat(26)}` })).toThrow(refused("not-found"));
  });

  test("a thread lists its answers, whichever tag their authors saw", () => {
    const story = filled(2);
    story.send(at(30), "text a", { message: message(3), thread: `msg_us_${message(1)}` });
    story.send(at(40, "eu"), "text b", { message: message(4), thread: `msg_eu_${message(1)}` });
    story.send(at(50), "text c", { message: message(5), thread: `msg_us_${message(2)}` });
    expect(texts(story.reader.messages(ana, room, { limit: 9, thread: `msg_us_${message(1)}` }))).toEqual(["b", "a"]);
    expect(() => story.reader.messages(ana, room, { limit: 9, thread: "nonsense" })).toThrow(refused("invalid"));
  });
});

describe("the list of my channels", () => {
  test("each once, by pages, with its last message", () => {
    const story = filled(3);
    for (const letter of ["d", "e"]) story.create({ channel: letter.repeat(26), time: 100, name: letter });
    story.create({ channel: "f".repeat(26), time: 100, owner: "eve" });
    const first = story.reader.channels(ana, { limit: 2 });
    const rest = story.reader.channels(ana, { limit: 2, cursor: first.next ?? "" });
    expect([...first.items, ...rest.items].map(({ name, lastMessage }) => [name, lastMessage?.body])).toEqual([
      ["room", "text 3"],
      ["d", undefined],
      ["e", undefined],
    ]);
    expect(first.items[0]).toMatchObject(story.reader.channel(ana, room));
    expect([first.next === null, rest.next]).toEqual([false, null]);
  });

  test.each(["last-words", "a_b-c", "x.y", "o'neil", "a+b"])("the mentions of a person called %s are counted like anybody's", (name) => {
    const story = filled(1);
    story.join(name, 5);
    story.send(at(6, "ap"), `@${name}: hello, not @${name}2`, { actor: "kim", message: message(2) });
    expect(story.reader.channels(someone(name), { limit: 9 }).items[0]?.mentions).toBe(1);
  });

  test("H15: unread is what others wrote beyond the marker's cursor, also what a heal brings in with older stamps; the marker may go back", () => {
    const story = filled(4);
    const waiting = (user = "ana") => {
      const { unread, mentions } = story.reader.channels(someone(user), { limit: 9 }).items[0] ?? {};
      return [unread, mentions];
    };
    story.join("eve", 5);
    expect([waiting("ana"), waiting("eve")]).toEqual([
      [2, 0],
      [2, 0],
    ]);
    const before = vectorText(story.reader.applied());
    story.tell({
      kind: "read.marked",
      stamp: at(60),
      actor: "ana",
      data: { message: message(4), born: at(40, "eu"), upTo: before, replaces: [] },
    });
    expect([waiting("ana"), waiting("eve")]).toEqual([
      [0, 0],
      [2, 0],
    ]);
    story.send(at(6, "ap"), "to @ana: late", { actor: "kim", message: message(6) });
    story.send(at(70), "my own @ana", { message: message(7) });
    for (const [i, body] of ["@ana!", "me@ana.org", "@anabel", "@ana-b", "(@ana)"].entries())
      story.send(at(80 + i, "ap"), body, { actor: "kim", message: message(8 + i) });
    story.react(at(90, "ap"), "👍", "kim");
    expect(waiting()).toEqual([6, 3]);
    story.tell({
      kind: "read.marked",
      stamp: at(99),
      actor: "ana",
      data: { message: message(1), born: at(10), upTo: {}, replaces: [at(60)] },
    });
    expect(waiting()).toEqual([8, 3]);
  });

  test("what stands behind the marked message is unread, also where it was here already; who marks an earlier one has the rest to read again", () => {
    const story = filled(4);
    const marks = (user: string, nth: number, time: number) =>
      story.tell({
        kind: "read.marked",
        stamp: at(time),
        actor: user,
        data: {
          message: message(nth),
          born: at(10 * nth, nth % 2 === 0 ? "eu" : "us"),
          upTo: vectorText(story.reader.applied()),
          replaces: [],
        },
      });
    const waiting = (user: string) => story.reader.channels(someone(user), { limit: 9 }).items[0];
    story.join("kim", 5);
    story.send(at(45), "@kim", { message: message(5) });
    marks("kim", 2, 60);
    expect(waiting("kim")).toMatchObject({ unread: 3, mentions: 1 });
    marks("kim", 5, 61);
    expect(waiting("kim")).toMatchObject({ unread: 0, mentions: 0 });
    story.send(at(7, "ap"), "late, and older", { actor: "eve", message: message(7) });
    expect(waiting("kim")).toMatchObject({ unread: 1 });
    marks("kim", 1, 62);
    expect(waiting("kim")).toMatchObject({ unread: 4, mentions: 1 });
    marks("ana", 1, 63); // of whom every second message is
    expect(waiting("ana")).toMatchObject({ unread: 2 });
  });

  test("unread is counted to a thousand, not further", () => {
    const story = new Story();
    story.create();
    for (let n = 1; n <= 1_001; n += 1) story.send(at(10 + n), "x", { actor: "eve", message: message(n) });
    expect(story.reader.channels(ana, { limit: 1 }).items[0]?.unread).toBe(1_000);
    const upTo = vectorText(story.reader.applied());
    story.tell({ kind: "read.marked", stamp: at(2_000), actor: "ana", data: { message: message(1), born: at(11), upTo, replaces: [] } });
    expect(story.reader.channels(ana, { limit: 1 }).items[0]?.unread).toBe(1_000);
  });

  test("a last message that was deleted shows as such", () => {
    const story = new Story();
    story.create();
    story.send(at(10), "Hello");
    story.delete(at(20), [at(10)]);
    expect(story.reader.channels(ana, { limit: 1 }).items[0]?.lastMessage).toMatchObject({
      id: `msg_us_${MESSAGE}`,
      body: null,
      deleted: true,
    });
  });
});
