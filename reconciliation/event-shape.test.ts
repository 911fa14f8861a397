import { describe, expect, test } from "vitest";
import type { Event } from "../core/event.ts";
import { identityOf } from "../core/identity.ts";
import { formatStamp } from "../core/stamp.ts";
import { readEvent } from "./event-shape.ts";
import { yjsTexts } from "./text-merge.ts";

const AT = { origin: "us", epoch: 1, sequence: 7, place: 2 };
const HASH = "0".repeat(32);
const T = formatStamp(1_700_000_000_000, 0, "us");
const OLD = formatStamp(1_600_000_000_000, 0, "eu");
const channel = "a".repeat(26);
const message = identityOf("message", "ana", "c1");
const envelope = {
  v: 1,
  rules: 1,
  stamp: T,
  actor: "ana",
  command: "c1",
  content: HASH,
  said: HASH,
  after: { eu: "1.3.0", us: "1.7.1" },
  policy: "lww",
  deletes: "final",
};
const about = { author: "ana", born: OLD, thread: null };

/** One honest event of every kind. */
const GOOD: Readonly<Record<Event["kind"], object>> = {
  "channel.created": {
    channel: identityOf("channel", "ana", "c1"),
    data: { name: "n", topic: null, policy: "lww", deletes: "final", alias: "general" },
  },
  "channel.changed": {
    channel,
    right: OLD,
    data: { topic: "t", replaces: { topic: [OLD] }, about: { name: "n", topic: null, policy: "lww", deletes: "lww", born: OLD } },
  },
  "member.set": { channel, right: OLD, data: { user: "eve", role: "moderator", replaces: [OLD] } },
  "member.removed": { channel, right: OLD, data: { user: "eve", replaces: [] } },
  "message.sent": {
    channel,
    right: OLD,
    data: { message, body: "Grüße\n\tan alle 🎉", thread: null, metadata: { a: [1, null, { b: true }] }, replaces: [] },
  },
  "message.edited": {
    channel,
    data: {
      message,
      body: "b",
      replaces: [OLD],
      restores: { conflict: "k", version: OLD },
      about: { ...about, reactions: { "👍": ["eve"] } },
    },
  },
  "message.deleted": { channel, right: OLD, data: { message, replaces: [OLD], about } },
  "reaction.set": { channel, right: OLD, data: { message, emoji: "👍", born: OLD, replaces: [] } },
  "reaction.cleared": { channel, right: OLD, data: { message, emoji: "👍", born: OLD, replaces: [OLD] } },
  "read.marked": { channel, right: OLD, data: { message, born: OLD, upTo: { us: "1.3.0" }, replaces: [] } },
  "document.updated": { channel, right: OLD, data: { document: "minutes", change: identityOf("message", "ana", "c1"), update: "AAAA" } },
  "conflict.seen": { channel: "@", data: { conflict: "k", register: "@|profile|ana|avatar", of: [OLD] } },
  "profile.changed": { channel: null, data: { displayName: "Ana", replaces: { displayName: [] } } },
  "webhook.set": {
    channel,
    right: OLD,
    data: {
      webhook: identityOf("webhook", "ana", "c1"),
      url: "https://bots.example.com/atoll",
      events: ["message.sent"],
      enabled: true,
      generation: 1,
      name: null,
      replaces: [],
    },
  },
  "webhook.removed": { channel, right: OLD, data: { webhook: message, born: OLD, replaces: [OLD] } },
  "webhook.halted": {
    channel,
    actor: AT.origin,
    data: { webhook: message, born: OLD, of: OLD, reason: "failures", user: "ana", replaces: [] },
  },
  "clock.witnessed": { channel: null, data: { origin: "eu", epoch: 1, from: OLD, to: OLD, offsetMs: 3_600_000, of: 3 } },
  "epoch.opened": { channel: null, data: { previous: { epoch: 1, sequence: 40 } } },
};
const event = (kind: Event["kind"], more: object = {}): object => ({ ...envelope, kind, ...GOOD[kind], ...more });
const wrong = (raw: unknown): string => {
  const read = readEvent(raw, AT);
  return "wrong" in read ? read.wrong : "nothing";
};

test.each(Object.keys(GOOD) as Event["kind"][])("an honest %s is taken as it is", (kind) => {
  expect(readEvent(event(kind), AT)).toEqual({ event: event(kind) });
});

describe("A4: what is malformed, forged or unknown is named", () => {
  const sent = (data: object): object => event("message.sent", { data: { message, body: "b", thread: null, replaces: [], ...data } });
  const document = (data: object): object =>
    event("document.updated", { data: { document: null, change: message, update: "AAAA", ...data } });
  const nested = JSON.parse(`${"[".repeat(40)}${"]".repeat(40)}`) as unknown;
  const cases: readonly (readonly [string, unknown, string])[] = [
    ["no object", 7, "is no object"],
    ["a later envelope", event("message.sent", { v: 2 }), "has the envelope version 2, known is 1"],
    ["a later rule table", event("message.sent", { rules: 9 }), "has the rule table 9, known is 1"],
    ["an unknown kind", event("message.sent", { kind: "message.shouted" }), 'has the unknown kind "message.shouted"'],
    ["a kind of another type", event("message.sent", { kind: "toString" }), 'has the unknown kind "toString"'],
    ["an unknown field", event("message.sent", { more: 1 }), 'has an unknown field "more"'],
    ["an unknown field in its data", sent({ more: 1 }), 'data has an unknown field "more"'],
    ["a missing field", event("message.sent", { data: { message, body: "b", replaces: [] } }), "data lacks thread"],
    ["no stamp", event("message.sent", { stamp: "yesterday" }), "stamp is no stamp"],
    ["another region's stamp", event("message.sent", { stamp: OLD }), "carries a stamp of eu in the log of us"],
    ["a made-up author", event("message.sent", { actor: "ana|eve" }), "actor is no plain id"],
    ["a foreign message id", event("message.sent", { command: "c2" }), "names a message that is not the hash of its author and command"],
    ["a foreign channel id", event("channel.created", { channel }), "names a channel that is not the hash of its author and command"],
    [
      "a foreign change of a document",
      event("document.updated", { command: "c2" }),
      "names a change that is not the hash of its author and command",
    ],
    ["a document's name with a bar", document({ document: "a|b" }), "data document is no plain id"],
    ["an update that is none", document({ update: "AAA" }), "data update is no base64"],
    ["an empty update", document({ update: "" }), "data update is not 1 to 262144 bytes long"],
    ["too long an update", document({ update: "AAAA".repeat(87_382) }), "data update is not 1 to 262144 bytes long"],
    ["a foreign webhook id", event("webhook.set", { command: "c2" }), "names a webhook that is not the hash of its author and command"],
    ["a halt in another's name", event("webhook.halted", { actor: "eu" }), "halts a webhook in the name of somebody else"],
    ["too long a body", sent({ body: "é".repeat(8_193) }), "data body is longer than 16384 bytes"],
    ["an empty body", sent({ body: "" }), "data body is empty"],
    ["control characters", sent({ body: "a\u0000b" }), "data body holds control characters"],
    ["a lone surrogate", sent({ body: "\ud800" }), "data body holds control characters"],
    ["too much metadata", sent({ metadata: "x".repeat(4_096) }), "data metadata is longer than 4096 bytes"],
    ["deep metadata", sent({ metadata: nested }), "is nested deeper than 32"],
    ["a channel where there is none", event("profile.changed", { channel }), "channel is none of "],
    [
      "a field that is no register",
      event("profile.changed", { data: { replaces: { password: [] } } }),
      "data replaces has an entry that is none of displayName, avatar",
    ],
    ["a point that is none", event("message.sent", { after: { eu: "1.x.0" } }), "after has an entry that is no point"],
    [
      "a witness of a third region's stamps",
      event("clock.witnessed", { data: { origin: "ap", epoch: 1, from: OLD, to: OLD, offsetMs: 1, of: 3 } }),
      "witnesses stamps of another region than it names",
    ],
  ];
  test.each(cases)("%s", (_, raw, reason) => expect(wrong(raw)).toBe(reason));

  test("D6: an event that covers itself is malformed, one that covers its neighbour is not", () => {
    expect(wrong(event("message.sent", { after: { us: "1.7.1" } }))).toBe("nothing");
    for (const point of ["1.7.2", "1.8.0", "2.0.0"])
      expect(wrong(event("message.sent", { after: { us: point } }))).toBe("says that it was made after itself");
    expect(wrong(event("message.sent", { right: T }))).toBe("is its own right");
    expect(wrong(event("message.deleted", { data: { message, replaces: [OLD, T], about } }))).toBe("replaces itself");
    expect(wrong(event("profile.changed", { data: { avatar: null, replaces: { avatar: [T] } } }))).toBe("replaces itself");
  });

  test("D6: whoever needs a right carries one, and whoever needs none carries none", () => {
    const without = (kind: Event["kind"], more: object = {}): string => {
      const { right: _, ...rest } = event(kind, more) as { readonly right?: string };
      return wrong(rest);
    };
    for (const kind of Object.keys(GOOD) as Event["kind"][]) {
      const free = ["channel.created", "profile.changed", "webhook.halted", "clock.witnessed", "epoch.opened"].includes(kind);
      expect([kind, wrong(event(kind, { right: OLD }))]).toEqual([kind, free ? "carries a right that it does not need" : "nothing"]);
      const needed = !free && kind !== "conflict.seen" && kind !== "message.edited";
      expect([kind, without(kind)]).toEqual([kind, needed ? "lacks the right it was judged by" : "nothing"]);
    }
    // An auditor restores as an auditor; a plain edit is judged by a membership.
    expect(without("message.edited", { data: { message, body: "b", replaces: [OLD], about } })).toBe("lacks the right it was judged by");
  });

  test("H9: who has seen a conflict has seen one of that channel, in a register that keeps a log of them", () => {
    const seen = (register: string, of = channel): string =>
      wrong(event("conflict.seen", { channel: of, data: { conflict: "k", register, of: [OLD] } }));
    for (const register of [`body|${message}`, "name", "topic", "policy", "deletes", "member|eve", `webhook|${message}`])
      expect([register, seen(`${channel}|${register}`)]).toEqual([register, "nothing"]);
    for (const register of ["alias|team", "profile|ana|displayName"])
      expect([register, seen(`@|${register}`, "@")]).toEqual([register, "nothing"]);
    const other = "b".repeat(26);
    expect(seen(`${other}|name`)).toBe("names a register of another channel");
    expect(seen("@|alias|team")).toBe("names a register of another channel");
    for (const register of [
      "read|eve",
      `reaction|${message}|2b|eve`,
      "body",
      `body|${message}|x`,
      "body|short",
      "member|e|ve",
      "secret",
      "",
    ])
      expect([register, seen(`${channel}|${register}`)]).toEqual([register, "data register is no register with conflicts"]);
    for (const register of ["alias|", "profile|ana|password", "name", `body|${message}`])
      expect([register, seen(`@|${register}`, "@")]).toEqual([register, "data register is no register with conflicts"]);
  });

  test("S3: an edit's update is the edit's own, and made onto what the edit replaces", () => {
    const edit = (more: object, command = "c1"): string =>
      wrong(event("message.edited", { right: OLD, command, data: { message, body: "b", replaces: [OLD], about, ...more } }));
    const whole = { author: "ana", command: "send", text: "a", whole: true, after: [], updates: [] };
    const update = yjsTexts.change([whole], { author: "ana", command: "c1", text: "a b" });
    expect([edit({}), edit({ update }), edit({ update, onto: [OLD] })]).toEqual(["nothing", "nothing", "nothing"]);
    expect(edit({ update }, "c2")).toBe("carries an update that takes a writer's number that is not its own");
    expect(edit({ update: "AAAA" })).toBe("nothing");
    expect(edit({ update: "/w==" })).toBe("carries an update that is no Yjs update");
    expect(edit({ update: "A".repeat(32_772) })).toBe("data update is longer than 32768 bytes");
    expect(edit({ onto: [OLD] })).toBe("is made onto what it does not replace");
    expect(edit({ update, onto: [`${OLD.slice(0, -2)}ap`] })).toBe("is made onto what it does not replace");
  });

  test("T2: one region alone is no majority, whatever it says of the mesh's size", () => {
    const witness = (of: number): string =>
      wrong(event("clock.witnessed", { data: { origin: "eu", epoch: 1, from: OLD, to: OLD, offsetMs: 1, of } }));
    expect([witness(0), witness(1), witness(2)]).toEqual([
      "witnesses in a mesh of one region",
      "witnesses in a mesh of one region",
      "nothing",
    ]);
  });

  test("prototypes cannot be reached through names", () => {
    expect(wrong(JSON.parse(JSON.stringify(event("message.sent")).replace('"v":1', '"v":1,"__proto__":{"x":1}')))).toBe(
      'has an unknown field "__proto__"',
    );
    expect(
      wrong(
        event("message.edited", {
          right: OLD,
          data: JSON.parse(
            `{"message":"${message}","body":"b","replaces":[],"about":{"author":"ana","born":"${OLD}","thread":null,"reactions":{"__proto__":["eve"]}}}`,
          ) as object,
        }),
      ),
    ).toBe("nothing");
  });
});
