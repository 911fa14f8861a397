/** Commands about messages: what they replace, what they freeze for their answer, and when they are too late. */
import { describe, expect, test } from "vitest";
import type { Event } from "../event.ts";
import { identityOf } from "../identity.ts";
import { shownId } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import { registerKey } from "../register.ts";
import { People } from "./people.test-model.ts";

const dataOf = (events: readonly Event[]): Readonly<Record<string, unknown>> =>
  (events[0]?.data ?? {}) as Readonly<Record<string, unknown>>;

describe("message.send", () => {
  test("T3: a message is the hash of its author and command, wherever it is sent", () => {
    const people = People.gathered();
    const { channel, us, eu } = people;
    const [here] = people.done("member", { kind: "message.send", channel, body: "b" }, { id: "k" });
    const [there] = people.done("member", { kind: "message.send", channel, body: "b" }, { id: "k", at: eu });
    people.meet();
    expect([here, there].map((event) => event?.kind === "message.sent" && event.data.message)).toEqual(
      Array.from({ length: 2 }, () => identityOf("message", "member", "k")),
    );
    for (const at of [us, eu]) {
      const register = people.body(identityOf("message", "member", "k"), at);
      expect([register?.entries.length, register?.resolution.heads, register?.resolution.records]).toEqual([2, [here?.stamp], []]);
    }
  });

  test("the same command id names one message for ever: other content is a conflict of commands", () => {
    const people = People.gathered();
    people.done("member", { kind: "message.send", channel: people.channel, body: "b" }, { id: "k" });
    expect(people.refused("member", { kind: "message.send", channel: people.channel, body: "other" }, { id: "k" })).toBe(
      "conflict-of-command",
    );
    expect(people.refused("other", { kind: "message.send", channel: people.channel, body: "other" }, { id: "k" })).toBe("accepted");
  });

  test("a thread is named by a message's id", () => {
    const people = People.gathered();
    const thread = people.message("owner");
    const events = people.done("member", { kind: "message.send", channel: people.channel, body: "b", thread });
    expect(dataOf(events)["thread"]).toBe(thread);
    expect(people.refused("member", { kind: "message.send", channel: people.channel, body: "b", thread: "chn_us_no" })).toBe("invalid");
  });
});

describe("message.edit", () => {
  test("S1: it replaces all heads known here, of which there may be several", () => {
    const people = People.gathered();
    const { channel, eu } = people;
    const message = people.message("member");
    const [here] = people.done("member", { kind: "message.edit", channel, message, body: "here" });
    const [there] = people.done("moderator", { kind: "message.edit", channel, message, body: "there" }, { at: eu });
    people.meet();
    const [both] = people.done("owner", { kind: "message.edit", channel, message, body: "both" });
    expect(both?.kind === "message.edited" && both.data.replaces).toEqual([here?.stamp, there?.stamp].sort());
    expect(people.body(message)?.resolution.heads).toEqual([both?.stamp]);
    expect(people.body(message)?.resolution.records.map(({ losers }) => losers)).toEqual([[here?.stamp]]);
  });

  test("S1: or what its author says to have seen", () => {
    const people = People.gathered();
    const { channel } = people;
    const message = people.message("member");
    const [born] = people.body(message)?.resolution.heads ?? [];
    const [first] = people.done("moderator", { kind: "message.edit", channel, message, body: "first" });
    const [late] = people.done("member", { kind: "message.edit", channel, message, body: "late", replaces: [born ?? ""] });
    expect(late?.kind === "message.edited" && late.data.replaces).toEqual([born]);
    const [record] = people.body(message)?.resolution.records ?? [];
    expect([record?.winner, record?.losers]).toEqual([late?.stamp, [first?.stamp]]);
  });

  test("nobody makes a message dear for everybody by editing its first version for ever: what is shown may be edited on", () => {
    const people = People.gathered();
    const { channel } = people;
    const message = people.message("member");
    const replaces = people.body(message)?.resolution.heads ?? [];
    const beside = (body: string) => ({ kind: "message.edit", channel, message, body, replaces }) as const;
    for (let versions = 1; versions < LIMITS.versionsBeside; versions += 1)
      expect(people.ask("member", beside(`${versions}`))).toHaveProperty("events");
    expect(people.refused("member", beside("one more"))).toBe("invalid");
    expect(people.body(message)?.resolution.heads.length).toBe(LIMITS.versionsBeside - 1);
    const [joined] = people.done("member", { kind: "message.edit", channel, message, body: "all that is here" });
    expect(people.body(message)?.resolution.heads).toEqual([joined?.stamp]);
    expect(people.refused("member", beside("and again"))).toBe("invalid");
  });

  test("H4: its answer stands in the event: author, birth, thread and reactions as they were", () => {
    const people = People.gathered();
    const { channel } = people;
    const message = people.message("member");
    people.done("owner", { kind: "reaction.set", channel, message, emoji: "👍" });
    const born = people.body(message)?.entries[0]?.stamp;
    const events = people.done("moderator", { kind: "message.edit", channel, message, body: "b" });
    expect(dataOf(events)["about"]).toEqual({ author: "member", born, thread: null, reactions: { "👍": ["owner"] } });
  });

  test("an event stays small however many people react: the first hundred are named", () => {
    const people = People.gathered();
    const { channel } = people;
    const message = people.message("member");
    for (let nth = 0; nth < 101; nth += 1) people.done("owner", { kind: "reaction.set", channel, message, emoji: `:${nth}:` });
    const events = people.done("moderator", { kind: "message.edit", channel, message, body: "liked by all" });
    expect(Object.keys((dataOf(events)["about"] as { readonly reactions: object }).reactions)).toHaveLength(100);
  });

  test("both ids of a message sent in two cut-off regions find it", () => {
    const people = People.gathered();
    const { channel, eu } = people;
    const ids = [people.us, eu].map((at) => {
      const [sent] = people.done("member", { kind: "message.send", channel, body: "b" }, { id: "k", at });
      return sent?.kind === "message.sent" ? shownId("message", sent.data.message, sent.stamp) : "";
    });
    people.meet();
    expect(new Set(ids).size).toBe(2);
    for (const message of ids)
      expect([message, people.refused("member", { kind: "message.edit", channel, message, body: "c" })]).toEqual([message, "accepted"]);
  });

  test("what is no message, or none of this channel, is not found", () => {
    const people = People.gathered();
    const message = people.message("member");
    const [other] = people.done("owner", { kind: "channel.create", name: "two" });
    const elsewhere = shownId("channel", other?.channel ?? "", other?.stamp ?? "");
    for (const [channel, id] of [
      [people.channel, "nonsense"],
      [people.channel, message.replace(/.$/, "!")],
      [people.channel, message.replace("msg_", "chn_")],
      [elsewhere, message],
    ] as const)
      expect([id, people.refused("owner", { kind: "message.edit", channel, message: id, body: "b" })]).toEqual([id, "not-found"]);
  });
});

describe("message.delete", () => {
  test("S4: after a final delete every command about the message is gone, in every region that knows it", () => {
    const people = People.gathered();
    const { channel, us, eu } = people;
    const message = people.message("member");
    people.done("member", { kind: "message.delete", channel, message });
    expect(people.body(message)?.resolution.value).toBe(null);
    people.meet();
    for (const at of [us, eu]) {
      expect(people.refused("owner", { kind: "message.edit", channel, message, body: "b" }, { at })).toBe("gone");
      expect(people.refused("owner", { kind: "message.delete", channel, message }, { at })).toBe("gone");
      expect(people.refused("owner", { kind: "reaction.set", channel, message, emoji: "👍" }, { at })).toBe("gone");
    }
  });

  test("D4: where deletes are lww, an edit that saw the delete brings the message back", () => {
    const people = People.gathered({ deletes: "lww" });
    const { channel } = people;
    const message = people.message("member");
    people.done("member", { kind: "message.delete", channel, message });
    expect(people.body(message)?.resolution.value).toBe(null);
    people.done("member", { kind: "message.edit", channel, message, body: "back" });
    expect(people.body(message)?.resolution.value).toEqual({ body: "back" });
  });
});

describe("reactions and read markers", () => {
  test("a reaction is one register a user and emoji: set, cleared, set again", () => {
    const people = People.gathered();
    const { channel } = people;
    const message = people.message("owner");
    const key = registerKey.reaction(people.identity, message.slice(-26), "👍", "member");
    for (const kind of ["reaction.set", "reaction.clear", "reaction.set"] as const) {
      people.done("member", { kind, channel, message, emoji: "👍" });
      expect([kind, people.valueOf(key)]).toEqual([kind, kind === "reaction.set"]);
    }
    expect([people.register(key)?.resolution.heads.length, people.register(key)?.resolution.records]).toEqual([1, []]);
  });

  test("H15: a read marker says what the region had applied, and may go back", () => {
    const people = People.gathered();
    const { channel } = people;
    const [first, second] = [people.message("owner", "1"), people.message("owner", "2")];
    const key = registerKey.read(people.identity, "member");
    for (const message of [second, first]) {
      people.done("member", { kind: "read.mark", channel, message });
      expect(people.valueOf(key)).toMatchObject({ message: message.slice(-26), upTo: { us: expect.any(String) } });
    }
  });
});
