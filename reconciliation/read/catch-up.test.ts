import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Placed } from "../../core/event.ts";
import type { Vector } from "../../core/position.ts";
import { formatPosition, pointKey } from "../../core/position.ts";
import { missedRows } from "./missed.ts";
import { at, CHANNEL, disputed, envelope, iso, MESSAGE, memoryTables, Story } from "./story.test-model.ts";

const room = `chn_us_${CHANNEL}`;
const id = `msg_us_${MESSAGE}`;
const allOf = (story: Story, user = "ana", { own = true, channels = [CHANNEL] } = {}) =>
  story.reader.missed(user, { channels, own, from: {}, to: story.reader.applied(), limit: 999 });

describe("what was missed", () => {
  test("L4: every event of the channels once and in each origin's order, and a cursor after which nothing is missed", () => {
    const story = disputed();
    const { items, cursor, complete, gaps } = allOf(story);
    expect(items.map(({ kind, stamp }) => [kind, stamp])).toEqual([
      ["channel.created", at(1)],
      ["member.set", at(2)],
      ["message.sent", at(10)],
      ["message.edited", at(20)],
      ["message.edited", at(30, "eu")],
    ]);
    expect([cursor, complete, gaps]).toEqual([story.reader.applied(), true, []]);
    expect(story.reader.missed("ana", { channels: [CHANNEL], own: true, from: cursor, to: cursor, limit: 9 })).toMatchObject({
      items: [],
      complete: true,
      cursor,
    });
  });

  test("L4: whatever the page, pages join to the whole: nothing missed, nothing twice, each origin in order", () => {
    const placement = fc.record({
      origin: fc.constantFrom("us", "eu", "ap"),
      time: fc.integer({ min: 1, max: 40 }),
      streams: fc.subarray(["a", "b", "@ana", "x"]),
    });
    fc.assert(
      fc.property(
        fc.array(placement, { maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 0, max: 5 }),
        (told, limit, known) => {
          const tables = memoryTables();
          const to: Record<string, Vector[string]> = {};
          const expected: string[] = [];
          for (const { origin, time, streams } of told) {
            const last = to[origin] ?? { epoch: 1, sequence: 0, place: 0 };
            const point =
              time % 3 === 0
                ? { ...last, place: last.place + 1 }
                : { epoch: time === 40 ? last.epoch + 1 : last.epoch, sequence: last.sequence + 1, place: 0 };
            to[origin] = point;
            const placed: Placed = {
              position: { origin, ...point },
              event: envelope({
                kind: "message.deleted",
                stamp: at(time, origin),
                actor: "ana",
                data: { message: MESSAGE, replaces: [], about: { author: "ana", born: at(1), thread: null } },
              }),
            };
            for (const stream of streams) tables.put("events", `${stream}|${origin}|${pointKey(point)}`, placed);
            const isKnown = origin === "us" && point.epoch === 1 && point.sequence <= known;
            if (!isKnown && streams.some((stream) => stream !== "x")) expected.push(formatPosition(placed.position));
          }
          const given: string[] = [];
          let from: Vector = { us: { epoch: 1, sequence: known, place: 999_999 } };
          for (let complete = false, pages = 0; !complete; pages += 1) {
            expect(pages).toBeLessThanOrEqual(expected.length);
            const page = missedRows(tables, { streams: ["a", "b", "@ana"], from, to, limit });
            given.push(...page.items.map(({ position }) => formatPosition(position)));
            from = page.cursor;
            complete = page.complete;
          }
          const byOrigin = (list: readonly string[]) => ["us", "eu", "ap"].map((origin) => list.filter((one) => one.startsWith(origin)));
          expect(byOrigin(given)).toEqual(byOrigin(expected));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("H3: a cursor ahead of this region is waited for by nobody, and does not go back", () => {
    const story = disputed();
    const ahead = { ...story.reader.applied(), us: { epoch: 1, sequence: 99, place: 0 } };
    expect(story.reader.missed("ana", { channels: [CHANNEL], own: true, from: ahead, to: story.reader.applied(), limit: 9 })).toMatchObject(
      { items: [], cursor: ahead, complete: true },
    );
  });

  test("H3: a cursor beyond the end of an epoch that has ended is told as a gap", () => {
    const story = disputed();
    const reader = story.reading((origin, epoch) => (origin === "us" && epoch === 1 ? 4 : undefined));
    const ask = { channels: [CHANNEL], own: true, to: { us: { epoch: 2, sequence: 3, place: 0 } }, limit: 9 };
    expect(reader.missed("ana", { ...ask, from: { us: { epoch: 1, sequence: 6, place: 2 } } }).gaps).toEqual([
      { channel: room, origin: "us", from: "us.1.4.999999", to: "us.1.6.2" },
    ]);
    expect(reader.missed("ana", { ...ask, from: { us: { epoch: 1, sequence: 4, place: 2 } } }).gaps).toEqual([]);
  });

  test("only of channels one is in; what makes or unmakes me a member, and my read markers, reach me and no other", () => {
    const story = disputed();
    story.tell({ kind: "read.marked", stamp: at(40), actor: "ana", data: { message: MESSAGE, born: at(10), upTo: {}, replaces: [] } });
    story.tell({ kind: "member.removed", stamp: at(50), actor: "ana", right: at(1), data: { user: "eve", replaces: [at(2)] } });
    const kinds = (...asked: [string, { own?: boolean }?]) => allOf(story, asked[0], asked[1]).items.map(({ kind }) => kind);
    expect(kinds("eve")).toEqual(["member.set", "member.removed"]);
    expect(kinds("stranger")).toEqual([]);
    expect(kinds("ana").filter((kind) => kind === "read.marked")).toHaveLength(1);
    expect(kinds("ana", { own: false })).not.toContain("read.marked");
  });
});

describe("an event on the wire", () => {
  const wired = (story: Story, kind: string) => allOf(story).items.filter((event) => event.kind === kind);

  test("shows ids for people, the place in its log, and no field of the house's own", () => {
    const story = disputed();
    story.react(at(40), "👍", "eve");
    story.tell({
      kind: "read.marked",
      stamp: at(41),
      actor: "ana",
      data: { message: MESSAGE, born: at(10), upTo: { us: "1.2.0" }, replaces: [] },
    });
    const born = at(1);
    story.tell({
      kind: "channel.changed",
      stamp: at(42),
      actor: "ana",
      right: at(1),
      data: { topic: "tea", replaces: { topic: [born] }, about: { name: "room", topic: "tea", policy: "lww", deletes: "final", born } },
    });
    story.see(at(43), "ana", "cfl_x", [at(20)]);
    story.tell({ kind: "profile.changed", stamp: at(44), actor: "ana", channel: null, data: { displayName: "Ana", replaces: {} } });
    expect(wired(story, "message.sent")).toEqual([
      {
        position: "us.1.3.0",
        stamp: at(10),
        kind: "message.sent",
        channel: room,
        actor: "ana",
        command: `send ${MESSAGE}`,
        at: iso(10),
        data: { message: id, body: "Hello", thread: null, replaces: [] },
      },
    ]);
    expect(wired(story, "message.edited")[1]?.data).toEqual({
      message: id,
      author: "ana",
      body: "Hello everyone!",
      thread: null,
      replaces: [at(10)],
    });
    expect(wired(story, "member.set")[0]?.data).toEqual({ user: "eve", role: "member", replaces: [] });
    expect(wired(story, "reaction.set")[0]?.data).toEqual({ message: id, emoji: "👍", replaces: [] });
    expect(wired(story, "read.marked")[0]?.data).toEqual({ message: id, replaces: [] });
    expect(wired(story, "channel.created")[0]?.data).toEqual({ name: "room", topic: null, policy: "lww", deletes: "final", alias: null });
    expect(wired(story, "channel.changed")[0]?.data).toEqual({ topic: "tea", replaces: { topic: [at(1)] } });
    expect(wired(story, "conflict.seen")[0]?.data).toEqual({ conflict: "cfl_x", of: [at(20)] });
    expect(wired(story, "profile.changed")[0]).toMatchObject({ channel: null, data: { displayName: "Ana", replaces: {} } });
  });

  test("a restore names the conflict and the version it brings back", () => {
    const story = disputed();
    story.restore(at(40), "Hello world!", [at(20), at(30, "eu")], { conflict: "cfl_x", version: at(20) });
    expect(wired(story, "message.edited")[2]?.data["restores"]).toEqual({ conflict: "cfl_x", version: at(20) });
  });

  test("S4: after a final delete no catch-up and no late edit brings the text to anybody; everything else of the event stays", () => {
    const story = disputed();
    story.delete(at(40), [at(20), at(30, "eu")]);
    story.edit(at(50, "ap"), "late and secret", [at(10)]);
    expect(JSON.stringify(allOf(story).items)).not.toMatch(/Hello|secret/);
    expect(wired(story, "message.sent")[0]?.data).toMatchObject({ message: id, body: null, withheld: true });
    expect(wired(story, "message.deleted")[0]?.data).toEqual({
      message: id,
      author: "ana",
      thread: null,
      replaces: [at(20), at(30, "eu")],
    });
  });

  test("T3: an event before its message, and a smaller twin after it, show the id that is known by then", () => {
    const story = new Story();
    story.create();
    const position = story.edit(at(20, "eu"), "edited", [at(10)], { born: at(10) });
    const shown = () => story.reader.wire(story.tables.get("events", `${CHANNEL}|eu|${pointKey(position)}`) as Placed).data["message"];
    expect(shown()).toBe(`msg_us_${MESSAGE}`);
    story.send(at(10), "Hello");
    expect(shown()).toBe(`msg_us_${MESSAGE}`);
    story.send(at(9, "ap"), "Hello");
    expect(shown()).toBe(`msg_ap_${MESSAGE}`);
  });
});
