/** Commands about channels and profiles. */
import { describe, expect, test } from "vitest";
import { shownId } from "../ids.ts";
import { registerKey } from "../register.ts";
import { People } from "./people.test-model.ts";

describe("channel.create", () => {
  test("the creator owns it, the invited are members as asked, and nobody invites the creator", () => {
    const people = new People();
    const members = [
      { user: "ana", role: "member" },
      { user: "bo", role: "moderator" },
      { user: "bo", role: "owner" },
    ] as const;
    const events = people.done("ana", { kind: "channel.create", name: "one", topic: "t", members });
    people.identity = events[0]?.channel ?? "";
    expect(events.map(({ kind }) => kind)).toEqual(["channel.created", "member.set"]);
    expect([people.roleOf("ana"), people.roleOf("bo")]).toEqual(["owner", "owner"]);
    expect(events[1]?.right).toBe(events[0]?.stamp);
    const values = (["name", "topic", "policy", "deletes"] as const).map((field) =>
      people.valueOf(registerKey.field(people.identity, field)),
    );
    expect(values).toEqual(["one", "t", "lww", "final"]);
  });

  test("an alias that is taken here is refused with a hint; a shown id and the alias both find the channel", () => {
    const people = People.gathered({ alias: "team" });
    const outcome = people.ask("other", { kind: "channel.create", name: "two", alias: "team" });
    const { refusal } = outcome as Extract<typeof outcome, { readonly refusal: unknown }>;
    expect([refusal.code, refusal.hint]).toEqual(["invalid", "Choose another id, or leave it out: every channel gets one."]);
    for (const channel of ["team", people.channel])
      expect(people.refused("member", { kind: "message.send", channel, body: "b" })).toBe("accepted");
    for (const channel of ["teams", "", "t|m", people.channel.replace("chn", "msg")])
      expect([channel, people.refused("member", { kind: "message.send", channel, body: "b" })]).toEqual([channel, "not-found"]);
  });

  test("D7: an alias taken in two cut-off regions stays with the smaller stamp; the other channel keeps its own id", () => {
    const people = new People();
    const { us, eu } = people;
    const [first] = people.done("ana", { kind: "channel.create", name: "one", alias: "team" });
    const [second] = people.done("bo", { kind: "channel.create", name: "two", alias: "team" }, { at: eu });
    people.meet();
    for (const at of [us, eu]) {
      const alias = people.register(registerKey.alias("team"), at);
      expect([alias?.resolution.value, alias?.resolution.records.map(({ rule }) => rule)]).toEqual([first?.channel, ["first"]]);
      expect(people.refused("bo", { kind: "message.send", channel: "team", body: "b" }, { at })).toBe("not-found");
      const own = shownId("channel", second?.channel ?? "", second?.stamp ?? "");
      expect(people.refused("bo", { kind: "message.send", channel: own, body: "b" }, { at })).toBe("accepted");
    }
  });

  test("T3: one creation in two cut-off regions is one channel, found by both ids, with one owner and one member each", () => {
    const people = new People();
    const { us, eu } = people;
    const create = { kind: "channel.create", name: "one", members: [{ user: "bo", role: "member" }] } as const;
    const made = [us, eu].map((at) => people.done("ana", create, { id: "k", at })[0]);
    people.meet();
    people.identity = made[0]?.channel ?? "";
    for (const at of [us, eu]) {
      expect([people.roleOf("ana", at), people.roleOf("bo", at)]).toEqual(["owner", "member"]);
      for (const [key, { resolution }] of at.tables.range("registers", { from: "", to: "\u{7f}" }))
        expect([key, resolution.heads.length, resolution.records, resolution.void]).toEqual([key, 1, [], []]);
      for (const one of made) {
        const channel = shownId("channel", one?.channel ?? "", one?.stamp ?? "");
        expect(people.refused("bo", { kind: "message.send", channel, body: "b" }, { at })).toBe("accepted");
      }
    }
  });
});

describe("channel.change", () => {
  test("each field that is named is a register of its own and replaces its heads; the answer stands in the event", () => {
    const people = People.gathered();
    const { channel } = people;
    const heads = people.register(registerKey.field(people.identity, "topic"))?.resolution.heads;
    const [event] = people.done("moderator", { kind: "channel.change", channel, topic: "new", policy: "merge" });
    expect(event?.data).toMatchObject({
      topic: "new",
      policy: "merge",
      replaces: { topic: heads },
      about: { name: "one", topic: "new", policy: "merge", deletes: "final", born: expect.any(String) },
    });
    expect(people.valueOf(registerKey.field(people.identity, "policy"))).toBe("merge");
    const [cleared] = people.done("owner", { kind: "channel.change", channel, topic: null });
    expect([cleared?.data, people.valueOf(registerKey.field(people.identity, "topic"))]).toMatchObject([{ topic: null }, null]);
    const sent = people.done("member", { kind: "message.send", channel, body: "b" });
    expect(sent[0]?.policy).toBe("merge");
  });

  test("nothing named is invalid, with a hint", () => {
    const people = People.gathered();
    const outcome = people.ask("owner", { kind: "channel.change", channel: people.channel });
    expect("refusal" in outcome && [outcome.refusal.code, outcome.refusal.hint]).toEqual([
      "invalid",
      "Give at least one of name, topic, policy, deletes.",
    ]);
  });

  test("S3: names given in two cut-off regions are a conflict of that field alone", () => {
    const people = People.gathered();
    const { channel, us, eu } = people;
    const [here] = people.done("owner", { kind: "channel.change", channel, name: "here" });
    people.done("moderator", { kind: "channel.change", channel, name: "there", topic: "t" }, { at: eu });
    people.meet();
    for (const at of [us, eu]) {
      const name = people.register(registerKey.field(people.identity, "name"), at)?.resolution;
      expect([name?.value, name?.records.map(({ losers, rule }) => [losers, rule])]).toEqual(["there", [[[here?.stamp], "lww"]]]);
      expect(people.register(registerKey.field(people.identity, "topic"), at)?.resolution.records).toEqual([]);
    }
  });
});

describe("profile.change", () => {
  test("everybody changes their own, without any right", () => {
    const people = new People();
    const [event] = people.done("ana", { kind: "profile.change", displayName: "Ana" });
    expect([event?.channel, event?.right, people.valueOf(registerKey.profile("ana", "displayName"))]).toEqual([null, undefined, "Ana"]);
    const [next] = people.done("ana", { kind: "profile.change", displayName: null, avatar: "a.png" });
    expect(next?.data).toMatchObject({ replaces: { displayName: [event?.stamp], avatar: [] } });
    expect(people.valueOf(registerKey.profile("ana", "displayName"))).toBe(null);
    expect(people.refused("ana", { kind: "profile.change" })).toBe("invalid");
  });
});
