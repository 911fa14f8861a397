/** The table of rights (permissions.ts), asked of every command by everybody: what the door lets in stands at apply, what it refuses it names (A4). */
import { describe, expect, test } from "vitest";
import { ERRORS } from "../errors.ts";
import type { Role } from "../event.ts";
import type { Asking } from "./people.test-model.ts";
import { People } from "./people.test-model.ts";

const WHO = ["owner", "moderator", "member", "stranger"] as const;
type Who = (typeof WHO)[number];
type Wanted = Readonly<Record<Who, string>>;
const ALL: Wanted = { owner: "accepted", moderator: "accepted", member: "accepted", stranger: "not-found" };
const LED: Wanted = { ...ALL, member: "forbidden" };
const OWNED: Wanted = { ...LED, moderator: "forbidden" };

/** What is asked, of a channel in which "other" is a plain member who has sent `theirs`, and the asker has sent `own`. */
type Given = { readonly channel: string; readonly theirs: string; readonly own: string };
const CASES: readonly (readonly [string, Wanted, (given: Given) => Asking])[] = [
  ["send", ALL, ({ channel }) => ({ kind: "message.send", channel, body: "b" })],
  ["edit one's own", ALL, ({ channel, own }) => ({ kind: "message.edit", channel, message: own, body: "b" })],
  ["delete one's own", ALL, ({ channel, own }) => ({ kind: "message.delete", channel, message: own })],
  ["edit another's", LED, ({ channel, theirs }) => ({ kind: "message.edit", channel, message: theirs, body: "b" })],
  ["delete another's", LED, ({ channel, theirs }) => ({ kind: "message.delete", channel, message: theirs })],
  ["react", ALL, ({ channel, theirs }) => ({ kind: "reaction.set", channel, message: theirs, emoji: "👍" })],
  ["take a reaction back", ALL, ({ channel, theirs }) => ({ kind: "reaction.clear", channel, message: theirs, emoji: "👍" })],
  ["mark as read", ALL, ({ channel, theirs }) => ({ kind: "read.mark", channel, message: theirs })],
  ["write in a document", ALL, ({ channel }) => ({ kind: "document.update", channel, document: null, update: "AAAA" })],
  ["change the name", LED, ({ channel }) => ({ kind: "channel.change", channel, name: "two" })],
  ["change the policy", LED, ({ channel }) => ({ kind: "channel.change", channel, policy: "merge", deletes: "lww" })],
  ["make a webhook", LED, ({ channel }) => ({ kind: "webhook.set", channel, url: "https://bots.example.com/" })],
  ["add a member", LED, ({ channel }) => ({ kind: "member.set", channel, user: "new" })],
  ["add a moderator", OWNED, ({ channel }) => ({ kind: "member.set", channel, user: "new", role: "moderator" })],
  ["make a member moderator", OWNED, ({ channel }) => ({ kind: "member.set", channel, user: "other", role: "moderator" })],
  ["make a member owner", OWNED, ({ channel }) => ({ kind: "member.set", channel, user: "other", role: "owner" })],
  ["unmake a moderator", OWNED, ({ channel }) => ({ kind: "member.set", channel, user: "second-moderator", role: "member" })],
  ["remove a member", LED, ({ channel }) => ({ kind: "member.remove", channel, user: "other" })],
  ["remove an owner", OWNED, ({ channel }) => ({ kind: "member.remove", channel, user: "second-owner" })],
  ["remove a moderator", OWNED, ({ channel }) => ({ kind: "member.remove", channel, user: "second-moderator" })],
];

describe.each(CASES)("%s", (_, wanted, asking) => {
  test.each(WHO)("by %s", (who) => {
    const people = People.gathered();
    const { channel } = people;
    people.done("owner", { kind: "member.set", channel, user: "second-owner", role: "owner" });
    people.done("owner", { kind: "member.set", channel, user: "second-moderator", role: "moderator" });
    const theirs = people.message("other");
    const own = people.message(who === "stranger" ? "other" : who);
    const asked = asking({ channel, theirs, own });
    expect(people.refused(who, asked)).toBe(wanted[who]);
    // In the other region, which has heard of it all, the same: and what was accepted there stands here.
    const elsewhere = People.gathered();
    elsewhere.done("owner", { kind: "member.set", channel: elsewhere.channel, user: "second-owner", role: "owner" });
    elsewhere.done("owner", { kind: "member.set", channel: elsewhere.channel, user: "second-moderator", role: "moderator" });
    const there = {
      channel: elsewhere.channel,
      theirs: elsewhere.message("other"),
      own: elsewhere.message(who === "stranger" ? "other" : who),
    };
    if (wanted[who] !== "accepted") return;
    elsewhere.done(who, asking(there), { at: elsewhere.eu });
    elsewhere.meet();
    for (const [key, { resolution }] of elsewhere.us.tables.range("registers", { from: "", to: "\u{7f}" }))
      expect([key, resolution.void, resolution.pending]).toEqual([key, [], []]);
  });
});

test("everybody may leave, owners too where another stays, and then is a stranger", () => {
  for (const who of ["owner", "moderator", "member"]) {
    const people = People.gathered();
    const { channel } = people;
    people.done("owner", { kind: "member.set", channel, user: "other", role: "owner" });
    people.done(who, { kind: "member.remove", channel, user: who });
    expect([who, people.roleOf(who), people.refused(who, { kind: "message.send", channel, body: "b" })]).toEqual([who, null, "not-found"]);
  }
});

test("the only owner of a channel neither leaves it to others nor becomes less, until there is another; who is alone may go", () => {
  const people = People.gathered();
  const { channel } = people;
  const leave: Asking = { kind: "member.remove", channel, user: "owner" };
  const less: Asking = { kind: "member.set", channel, user: "owner", role: "moderator" };
  for (const asking of [leave, less]) {
    const outcome = people.ask("owner", asking);
    const refusal = "refusal" in outcome ? outcome.refusal : undefined;
    expect([refusal?.code, refusal?.message, refusal?.hint]).toEqual([
      "forbidden",
      expect.stringMatching(/^As the only owner of this channel you may not (leave it|become less)\.$/),
      "Make somebody else an owner first.",
    ]);
  }
  people.done("owner", { kind: "member.set", channel, user: "owner", role: "owner" });
  people.done("owner", { kind: "member.set", channel, user: "other", role: "owner" });
  people.done("owner", less);
  expect(people.refused("other", { kind: "member.remove", channel, user: "other" })).toBe("forbidden");
  for (const user of ["owner", "moderator", "member"]) people.done("other", { kind: "member.remove", channel, user });
  expect(people.refused("other", { kind: "member.set", channel, user: "other", role: "member" })).toBe("forbidden");
  people.done("other", { kind: "member.remove", channel, user: "other" });
});

test("D7: two owners who leave on two sides of a cut are both gone: a region that is cut off asks nobody", () => {
  const people = People.gathered();
  const { channel } = people;
  people.done("owner", { kind: "member.set", channel, user: "other", role: "owner" });
  people.meet();
  people.done("owner", { kind: "member.remove", channel, user: "owner" });
  people.done("other", { kind: "member.remove", channel, user: "other" }, { at: people.eu });
  people.meet();
  for (const at of [people.us, people.eu]) expect([people.roleOf("owner", at), people.roleOf("other", at)]).toEqual([null, null]);
});

test("who is made a member without a word of a role keeps the one they have", () => {
  const people = People.gathered();
  const { channel } = people;
  for (const user of ["owner", "moderator", "member"] as const) {
    people.done("owner", { kind: "member.set", channel, user });
    expect(people.roleOf(user)).toBe(user);
  }
  expect(people.refused("moderator", { kind: "member.set", channel, user: "owner" })).toBe("forbidden");
  people.done("owner", { kind: "member.set", channel, user: "moderator", role: "member" });
  expect(people.roleOf("moderator")).toBe("member");
});

test("C11: a removal is in effect before its reply, and elsewhere as soon as it is heard of", () => {
  const people = People.gathered();
  const { channel } = people;
  people.done("owner", { kind: "member.remove", channel, user: "member" });
  const send: Asking = { kind: "message.send", channel, body: "b" };
  expect([people.refused("member", send), people.refused("member", send, { at: people.eu })]).toEqual(["not-found", "accepted"]);
  people.meet();
  expect(people.refused("member", send, { at: people.eu })).toBe("not-found");
  expect(people.refused("owner", { kind: "member.remove", channel, user: "member" })).toBe("not-found");
});

test("D7: two owners who remove each other in a cut are both out", () => {
  const people = People.gathered();
  const { channel } = people;
  people.done("owner", { kind: "member.set", channel, user: "other", role: "owner" });
  people.meet();
  people.done("owner", { kind: "member.remove", channel, user: "other" });
  people.done("other", { kind: "member.remove", channel, user: "owner" }, { at: people.eu });
  people.meet();
  for (const at of [people.us, people.eu]) expect([people.roleOf("owner", at), people.roleOf("other", at)]).toEqual([null, null]);
});

test("D6: a moderator removes whoever is shown as a plain member, also where a moderator's role lost", () => {
  const people = People.gathered();
  const { channel } = people;
  people.done("owner", { kind: "member.set", channel, user: "other", role: "moderator" });
  people.done("owner", { kind: "member.set", channel, user: "other", role: "member" }, { at: people.eu });
  people.meet();
  expect(people.roleOf("other")).toBe("member");
  people.done("moderator", { kind: "member.remove", channel, user: "other" });
  people.meet();
  for (const at of [people.us, people.eu]) expect(people.roleOf("other", at)).toBe(null);
});

test("T2, D6: where a wrong clock's role lost, the one shown is the right that counts", () => {
  const people = People.gathered();
  const { channel, us, eu } = people;
  people.nowMs += 3_600_000;
  people.done("owner", { kind: "member.set", channel, user: "other", role: "moderator" }, { at: eu });
  people.nowMs -= 3_600_000;
  people.done("owner", { kind: "member.set", channel, user: "other", role: "owner" });
  const stretch = { from: eu.log.at(-1)?.event.stamp ?? "", to: eu.log.at(-1)?.event.stamp ?? "" };
  us.hear(eu, 100);
  us.witness({ origin: "eu", epoch: 1, ...stretch, offsetMs: 3_600_000, of: 3 });
  expect(people.roleOf("other")).toBe("moderator");
  // A second region says so too: the owner's role wins, and whoever judges by it knew both witnesses.
  const [seen] = us.log.slice(-1);
  const event = { ...(seen?.event as NonNullable<typeof seen>["event"]), stamp: (seen?.event.stamp ?? "").replace("us", "ap") };
  const witnessed = { position: { origin: "ap", epoch: 1, sequence: 1, place: 0 }, event };
  us.replica.apply(witnessed);
  expect(people.roleOf("other")).toBe("owner");
  people.done("other", { kind: "member.set", channel, user: "member", role: "owner" });
  eu.hear(us, 100);
  eu.replica.apply(witnessed);
  for (const at of [us, eu]) expect([people.roleOf("other", at), people.roleOf("member", at)]).toEqual(["owner", "owner"]);
});

test("a refusal says what the role may not, in the codes of the contract", () => {
  const people = People.gathered();
  const outcome = people.ask("member", { kind: "channel.change", channel: people.channel, name: "mine" });
  const { refusal } = outcome as Extract<typeof outcome, { readonly refusal: unknown }>;
  expect([refusal.code, refusal.status, refusal.message]).toEqual([
    "forbidden",
    ERRORS.forbidden.status,
    "As member of this channel you may not change the channel.",
  ]);
  const lost = people.ask("stranger", { kind: "message.send", channel: people.channel, body: "b" });
  expect("refusal" in lost && lost.refusal.hint).toBe("GET /v1/channels lists yours.");
});

test.each(["owner", "moderator", "member"] as const)("a member set again as %s by the owner has that role, and says so", (role: Role) => {
  const people = People.gathered();
  const [event] = people.done("owner", { kind: "member.set", channel: people.channel, user: "other", role });
  expect([event?.kind === "member.set" && event.data, people.roleOf("other")]).toEqual([
    { user: "other", role, replaces: [expect.any(String)] },
    role,
  ]);
});
