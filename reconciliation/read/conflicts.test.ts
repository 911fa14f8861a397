import { describe, expect, test } from "vitest";
import type { WireEvent } from "../../core/objects.ts";
import { at, CHANNEL, disputed, MESSAGE, Story, someone } from "./story.test-model.ts";

const ana = someone("ana");
const eve = someone("eve");
const audrey = someone("audrey", "auditor");
const room = `chn_us_${CHANNEL}`;
const id = `msg_us_${MESSAGE}`;
const all = { limit: 50 };
const refused = expect.objectContaining({ code: "not-found" });
const onlyConflict = (story: Story) => {
  const { items } = story.reader.conflicts(audrey, {}, all);
  expect(items).toHaveLength(1);
  return items[0] as (typeof items)[number];
};

describe("a conflict", () => {
  test("S6: holds both texts with authors, regions and what they replaced, the rule, winner and losers", () => {
    expect(onlyConflict(disputed())).toMatchObject({
      register: { kind: "message.body", channel: room, message: id },
      rule: "lww",
      reason: "stamp",
      versions: [
        { stamp: at(20), author: "ana", origin: "us", value: "Hello world!", replaces: [at(10)] },
        { stamp: at(30, "eu"), author: "eve", origin: "eu", value: "Hello everyone!", replaces: [at(10)] },
      ],
      winner: at(30, "eu"),
      losers: [at(20)],
      state: "open",
    });
  });

  test("P7: a restore is a new version, and the record says so", () => {
    const story = disputed();
    const { id: conflict } = onlyConflict(story);
    story.restore(at(40), "Hello world!", [at(20), at(30, "eu")], { conflict, version: at(20) });
    expect(onlyConflict(story)).toMatchObject({ id: conflict, state: "restored", restoredBy: at(40) });
    expect(story.reader.message(ana, room, id)).toMatchObject({ body: "Hello world!", editedAt: expect.any(String), conflict: null });
  });

  test("D2: when groups join, the id that went still finds the record", () => {
    const story = disputed();
    story.edit(at(40), "c", [at(20), at(30, "eu")], { command: "c" });
    story.edit(at(50), "d", [at(40)]);
    story.edit(at(60, "ap"), "e", [at(40)]);
    const before = story.reader.conflicts(audrey, {}, all).items.map(({ id: one }) => one);
    expect(before).toHaveLength(2);
    story.edit(at(70, "ap"), "f", [at(10)]);
    const joined = onlyConflict(story);
    expect(before.map((one) => story.reader.conflict(ana, one))).toEqual([joined, joined]);
  });

  test("S4: in a deleted message's conflict the texts are withheld, but not from auditors and their authors", () => {
    const story = disputed();
    story.delete(at(40), [at(20), at(30, "eu")]);
    const texts = (actor: typeof ana) => story.reader.conflicts(actor, {}, all).items[0]?.versions.map(({ value }) => value);
    expect([texts(ana), texts(eve), texts(audrey)]).toEqual([
      ["Hello world!", null],
      [null, "Hello everyone!"],
      ["Hello world!", "Hello everyone!"],
    ]);
  });

  test("names, memberships, aliases and profiles say what they are about", () => {
    const story = disputed();
    const about = { name: "x", topic: null, policy: "lww", deletes: "final", born: at(1) } as const;
    for (const [stamp, name] of [
      [at(50), "a"],
      [at(51, "eu"), "b"],
    ] as const)
      story.tell({ kind: "channel.changed", stamp, actor: "ana", right: at(1), data: { name, replaces: { name: [at(1)] }, about } });
    for (const [stamp, role] of [
      [at(60), "member"],
      [at(61, "eu"), "moderator"],
    ] as const)
      story.tell({ kind: "member.set", stamp, actor: "ana", right: at(1), data: { user: "bo", role, replaces: [] } });
    for (const [stamp, avatar] of [
      [at(70), "a"],
      [at(71, "eu"), "b"],
    ] as const)
      story.tell({ kind: "profile.changed", stamp, actor: "eve", channel: null, data: { avatar, replaces: {} } });
    story.create({ time: 80, channel: "d".repeat(26), owner: "dan", alias: "lobby" });
    story.create({ time: 81, channel: "e".repeat(26), owner: "eva", alias: "lobby", region: "eu" });
    const told = story.reader.conflicts(audrey, {}, all).items;
    expect(told.map(({ register }) => register)).toEqual(
      expect.arrayContaining([
        { kind: "channel.name", channel: room, field: "name" },
        { kind: "member", channel: room, field: "bo" },
        { kind: "profile", channel: "@", field: "avatar" },
        { kind: "alias", channel: "@", field: "lobby" },
      ]),
    );
    const alias = told.find(({ register }) => register.kind === "alias");
    expect(alias).toMatchObject({
      rule: "first",
      winner: at(80),
      versions: [{ value: `chn_us_${"d".repeat(26)}` }, { value: `chn_eu_${"e".repeat(26)}` }],
    });
    expect(story.reader.conflict(someone("eva"), alias?.id ?? "").id).toBe(alias?.id);
    expect(() => story.reader.conflict(ana, alias?.id ?? "")).toThrow(refused);
    expect(story.reader.lostBy("eva", { limit: 100 }).items).toMatchObject([{ id: alias?.id }]);
  });
});

describe("who is shown which conflicts", () => {
  test("auditors see all, members their channels', strangers none", () => {
    const story = disputed();
    const { id: conflict } = onlyConflict(story);
    expect([audrey, ana, eve, someone("stranger")].map((actor) => story.reader.conflicts(actor, {}, all).items.length)).toEqual([
      1, 1, 1, 0,
    ]);
    expect(() => story.reader.conflict(someone("stranger"), conflict)).toThrow(refused);
    expect(() => story.reader.conflicts(someone("stranger"), { channels: [room] }, all)).toThrow(refused);
    expect(() => story.reader.conflict(audrey, "cfl_nothing")).toThrow(refused);
    expect(story.reader.conflict(ana, conflict)).toEqual(story.reader.conflict(audrey, conflict));
  });

  test("filters: channels, messages of either tag, authors, states, since; of several values any one will do", () => {
    const { reader } = disputed();
    const count = (filter: Parameters<typeof reader.conflicts>[1]) => reader.conflicts(audrey, filter, all).items.length;
    expect(
      [
        { channels: [room] },
        { messages: [id] },
        { messages: [`msg_us_${"z".repeat(26)}`, `msg_eu_${MESSAGE}`] },
        { authors: ["bo", "eve"] },
        { states: ["seen", "open"] },
        { since: new Date(30).toISOString() },
      ].map((f) => count(f as object)),
    ).toEqual([1, 1, 1, 1, 1, 1]);
    expect(
      [
        { channels: [`chn_us_${"z".repeat(26)}`] },
        { messages: [`msg_us_${"z".repeat(26)}`] },
        { messages: ["nonsense"] },
        { authors: ["bo"] },
        { states: ["seen", "restored"] },
        { since: new Date(31).toISOString() },
      ].map((f) => count(f as object)),
    ).toEqual([0, 0, 0, 0, 0, 0]);
    expect(() => count({ since: "yesterday" })).toThrow(expect.objectContaining({ code: "invalid" }));
  });

  test("pages over several channels give every conflict once, to auditors and to members", () => {
    const story = disputed();
    const rooms = ["d", "e"].map((letter) => letter.repeat(26));
    for (const [i, channel] of rooms.entries()) {
      story.create({ time: 100 + i, channel });
      for (const [n, region] of [
        [1, "us"],
        [2, "eu"],
      ] as const)
        for (const user of ["x", "y"])
          story.tell({
            kind: "member.set",
            stamp: at(200 + 10 * i + n, `${region}-${user}`),
            actor: "ana",
            channel,
            right: at(100 + i),
            data: { user, role: n === 1 ? "member" : "moderator", replaces: [] },
          });
    }
    for (const actor of [audrey, ana]) {
      const paged: string[] = [];
      for (let cursor: string | undefined, more = true; more; ) {
        const page = story.reader.conflicts(actor, {}, cursor === undefined ? { limit: 2 } : { limit: 2, cursor });
        paged.push(...page.items.map(({ id: one }) => one));
        cursor = page.next ?? undefined;
        more = cursor !== undefined;
      }
      expect(paged).toEqual(story.reader.conflicts(actor, {}, all).items.map(({ id: one }) => one));
      expect(new Set(paged).size).toBe(5);
    }
    expect(() => story.reader.conflicts(audrey, {}, { limit: 2, cursor: "{nonsense" })).toThrow(
      expect.objectContaining({ code: "invalid" }),
    );
  });
});

describe("who lost", () => {
  test("S6: the author is told until they have seen it, and sees their own text", () => {
    const story = disputed();
    const { id: conflict } = onlyConflict(story);
    expect(story.reader.lostBy("ana", { limit: 100 }).items).toMatchObject([{ id: conflict, losers: [at(20)], state: "open" }]);
    expect(story.reader.lostBy("eve", { limit: 100 }).items).toEqual([]);
    story.see(at(50, "ap"), "ana", conflict, [at(20)]);
    expect(story.reader.lostBy("ana", { limit: 100 }).items).toEqual([]);
    expect(onlyConflict(story).state).toBe("seen");
  });

  test("whoever is no member any more is not told", () => {
    const story = disputed();
    story.edit(at(40), "Hello again", [at(30, "eu")]);
    story.edit(at(41, "ap"), "Hello again and again", [at(30, "eu")]);
    story.edit(at(39, "eu"), "eve's last", [at(30, "eu")], { actor: "eve" });
    expect(story.reader.lostBy("eve", { limit: 100 }).items).not.toEqual([]);
    story.tell({ kind: "member.removed", stamp: at(60), actor: "ana", right: at(1), data: { user: "eve", replaces: [at(2)] } });
    expect(story.reader.lostBy("eve", { limit: 100 }).items).toEqual([]);
  });
});

describe("H9: records of what a missed event touched", () => {
  const missedAfter = (story: Story, time: number): readonly WireEvent[] => {
    const missed = story.reader.missed("ana", { channels: [CHANNEL], own: true, from: {}, to: story.reader.applied(), limit: 99 });
    return missed.items.filter(({ stamp }) => stamp > at(time));
  };

  test("an edit brings its register's record, a reaction brings none", () => {
    const story = disputed();
    story.react(at(40), "👍", "eve");
    expect(story.reader.conflictsTouched(missedAfter(story, 35))).toEqual([]);
    expect(story.reader.conflictsTouched(missedAfter(story, 25))).toMatchObject([{ winner: at(30, "eu") }]);
  });

  test("a late cause that made a record of older versions, and somebody's having seen it, bring it too", () => {
    const story = new Story();
    story.create();
    story.edit(at(20), "a", [at(10, "ap")], { born: at(10, "ap") });
    story.edit(at(30, "eu"), "b", [at(10, "ap")], { born: at(10, "ap") });
    expect(story.reader.conflictsTouched(missedAfter(story, 0))).toEqual([]);
    story.send(at(10, "ap"), "Hello");
    const sent = missedAfter(story, 0).filter(({ kind }) => kind === "message.sent");
    const touched = story.reader.conflictsTouched(sent);
    expect(touched).toMatchObject([{ versions: [{ stamp: at(20) }, { stamp: at(30, "eu") }] }]);
    story.see(at(50), "ana", touched[0]?.id ?? "", [at(20)]);
    expect(story.reader.conflictsTouched(missedAfter(story, 45))).toMatchObject([{ state: "seen" }]);
  });

  test("creations, changes, memberships and profiles bring theirs", () => {
    const story = disputed();
    const about = { name: "x", topic: null, policy: "lww", deletes: "final", born: at(1) } as const;
    for (const [stamp, name] of [
      [at(50), "a"],
      [at(51, "eu"), "b"],
    ] as const) {
      story.tell({ kind: "channel.changed", stamp, actor: "ana", right: at(1), data: { name, replaces: { name: [at(1)] }, about } });
      story.tell({
        kind: "member.set",
        stamp: `${stamp}x`,
        actor: "ana",
        right: at(1),
        data: { user: "bo", role: name === "a" ? "member" : "owner", replaces: [] },
      });
      story.tell({ kind: "profile.changed", stamp: `${stamp}y`, actor: "ana", channel: null, data: { displayName: name, replaces: {} } });
    }
    const kinds = story.reader.conflictsTouched(missedAfter(story, 45)).map(({ register }) => register.kind);
    expect(kinds.sort()).toEqual(["channel.name", "member", "profile"]);
    const created = missedAfter(story, 0).filter(({ kind }) => kind === "channel.created");
    expect(story.reader.conflictsTouched(created).map(({ register }) => register.kind)).toEqual(["channel.name"]);
  });
});
