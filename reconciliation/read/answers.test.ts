import { describe, expect, test } from "vitest";
import type { Event } from "../../core/event.ts";
import { webhookSecrets } from "../../core/webhooks.ts";
import { answerOf } from "./answers.ts";
import { at, CHANNEL, envelope, iso, MESSAGE, Story, someone } from "./story.test-model.ts";

const room = `chn_us_${CHANNEL}`;
const id = `msg_us_${MESSAGE}`;
const answer = (event: Event) => answerOf(event, (identity) => `chn_us_${identity}`, webhookSecrets("a test"));
const about = { author: "ana", born: at(10), thread: "msg_us_t", reactions: { "👍": ["bo"] } };
const channel = { name: "room", topic: "tea", policy: "merge", deletes: "lww" } as const;

describe("H4: the answer to a command is a pure function of its event", () => {
  test("a send: the message as sent, the same that is read at once", () => {
    const sent = answer(
      envelope({
        kind: "message.sent",
        stamp: at(10),
        actor: "ana",
        data: { message: MESSAGE, body: "Hello", thread: null, replaces: [] },
      }),
    );
    const story = new Story();
    story.create();
    story.send(at(10), "Hello");
    expect(sent).toEqual(story.reader.message(someone("ana"), room, id));
  });

  test("an edit: the text it wrote, with what was known of the message then", () => {
    const edited = envelope({
      kind: "message.edited",
      stamp: at(20, "eu"),
      actor: "eve",
      data: { message: MESSAGE, body: "two", metadata: { a: 1 }, replaces: [at(10)], about },
    });
    expect(answer(edited)).toEqual({
      id,
      channel: room,
      author: "ana",
      body: "two",
      thread: "msg_us_t",
      metadata: { a: 1 },
      createdAt: iso(10),
      editedAt: iso(20),
      deleted: false,
      origin: "us",
      version: at(20, "eu"),
      heads: [at(20, "eu")],
      reactions: { "👍": ["bo"] },
      conflict: null,
    });
  });

  test("a delete: the message without its text", () => {
    const deleted = envelope({
      kind: "message.deleted",
      stamp: at(30),
      actor: "ana",
      data: { message: MESSAGE, replaces: [at(10)], about },
    });
    expect(answer(deleted)).toMatchObject({ id, body: null, deleted: true, editedAt: null, version: at(30), author: "ana" });
  });

  test("channels, members, reactions, markers, profiles, conflicts", () => {
    const created = envelope({ kind: "channel.created", stamp: at(1, "eu"), actor: "ana", data: { ...channel, alias: null } });
    expect(answer(created)).toEqual({ id: `chn_eu_${CHANNEL}`, ...channel, createdAt: iso(1), version: at(1, "eu") });
    const changed = envelope({
      kind: "channel.changed",
      stamp: at(5),
      actor: "ana",
      data: { topic: "tea", replaces: {}, about: { ...channel, born: at(1, "eu") } },
    });
    expect(answer(changed)).toEqual({ id: `chn_eu_${CHANNEL}`, ...channel, createdAt: iso(1), version: at(5) });
    expect(
      answer(envelope({ kind: "member.set", stamp: at(6), actor: "ana", data: { user: "bo", role: "moderator", replaces: [] } })),
    ).toEqual({ channel: room, user: "bo", role: "moderator" });
    expect(answer(envelope({ kind: "member.removed", stamp: at(7), actor: "ana", data: { user: "bo", replaces: [] } }))).toEqual({
      channel: room,
      user: "bo",
      role: null,
    });
    for (const [kind, set] of [
      ["reaction.set", true],
      ["reaction.cleared", false],
    ] as const)
      expect(
        answer(envelope({ kind, stamp: at(8), actor: "bo", data: { message: MESSAGE, emoji: "👍", born: at(2, "ap"), replaces: [] } })),
      ).toEqual({ message: `msg_ap_${MESSAGE}`, user: "bo", emoji: "👍", set });
    expect(
      answer(
        envelope({
          kind: "read.marked",
          stamp: at(9),
          actor: "bo",
          data: { message: MESSAGE, born: at(2), upTo: { us: "1.1.0" }, replaces: [] },
        }),
      ),
    ).toEqual({ channel: room, message: id });
    expect(
      answer(
        envelope({ kind: "profile.changed", stamp: at(9), actor: "bo", channel: null, data: { avatar: null, replaces: { avatar: [] } } }),
      ),
    ).toEqual({ user: "bo", avatar: null });
    expect(
      answer(envelope({ kind: "conflict.seen", stamp: at(9), actor: "bo", data: { conflict: "cfl_x", register: "r", of: [at(3)] } })),
    ).toEqual({ conflict: "cfl_x", seen: [at(3)] });
  });

  test("what a region notes of itself has no answer", () => {
    const opened = envelope({
      kind: "epoch.opened",
      stamp: at(9),
      actor: "us",
      channel: null,
      data: { previous: { epoch: 1, sequence: 3 } },
    });
    expect(answer(opened)).toBeNull();
  });
});
