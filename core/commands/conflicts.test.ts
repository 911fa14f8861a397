/** conflict.restore and conflict.see: by whom, in effect where, and when it is too late (S4, S6). */
import { describe, expect, test } from "vitest";
import { registerKey } from "../register.ts";
import type { Asking } from "./people.test-model.ts";
import { People } from "./people.test-model.ts";

interface Disputed {
  readonly people: People;
  readonly message: string;
  readonly conflict: string;
  /** What "other", who wrote the message, said in us, and lost with. */
  readonly lost: string;
  readonly restore: Asking;
  readonly see: Asking;
}

function disputed(more: Parameters<typeof People.gathered>[0] = {}): Disputed {
  const people = People.gathered(more);
  const { channel, eu } = people;
  const message = people.message("other");
  const [here] = people.done("other", { kind: "message.edit", channel, message, body: "mine" });
  people.done("moderator", { kind: "message.edit", channel, message, body: "theirs" }, { at: eu });
  people.meet();
  const lost = here?.stamp ?? "";
  const conflict = people.body(message)?.resolution.records[0]?.id ?? "";
  return {
    people,
    message,
    conflict,
    lost,
    restore: { kind: "conflict.restore", conflict, version: lost },
    see: { kind: "conflict.see", conflict },
  };
}

describe("conflict.restore", () => {
  const by: readonly (readonly [string, string, "user" | "auditor", string])[] = [
    ["who wrote the version", "other", "user", "accepted"],
    ["the owner", "owner", "user", "accepted"],
    ["a moderator", "moderator", "user", "accepted"],
    ["another member", "member", "user", "forbidden"],
    ["a stranger", "stranger", "user", "not-found"],
    ["an auditor who is no member", "auditor", "auditor", "accepted"],
    ["an auditor who is a plain member", "member", "auditor", "accepted"],
  ];
  test.each(by)("by %s: in effect in every region, or refused", (_, user, role, wanted) => {
    const { people, message, restore, conflict, lost } = disputed();
    const roles = role === "auditor" ? (["user", "auditor"] as const) : (["user"] as const);
    if (wanted !== "accepted") {
      expect(people.refused(user, restore, { roles })).toBe(wanted);
      return;
    }
    const [event] = people.done(user, restore, { roles });
    expect(event?.data).toMatchObject({ body: "mine", restores: { conflict, version: lost } });
    people.meet();
    for (const at of [people.us, people.eu]) {
      const resolution = people.body(message, at)?.resolution;
      expect([resolution?.value, resolution?.heads, resolution?.void]).toEqual([{ body: "mine" }, [event?.stamp], []]);
      expect(resolution?.records.map(({ id, state, restoredBy }) => [id, state, restoredBy])).toEqual([
        [conflict, "restored", event?.stamp],
      ]);
    }
  });

  test("S4: a message deleted for good is gone, for restores too", () => {
    const { people, message, restore } = disputed();
    people.done("owner", { kind: "message.delete", channel: people.channel, message });
    expect(people.refused("other", restore)).toBe("gone");
    expect(people.refused("auditor", restore, { roles: ["auditor"] })).toBe("gone");
  });

  test("only versions of the conflict, and only texts", () => {
    const { people, message, restore, conflict } = disputed({ deletes: "lww" });
    const born = people.body(message)?.entries[0]?.stamp ?? "";
    const outcome = people.ask("other", { kind: "conflict.restore", conflict, version: born });
    expect("refusal" in outcome && [outcome.refusal.code, outcome.refusal.hint?.startsWith("Its versions: ")]).toEqual(["not-found", true]);
    expect(people.refused("other", { ...restore, conflict: "cfl_none" } as Asking)).toBe("not-found");
    const { channel, eu } = people;
    people.done("owner", { kind: "channel.change", channel, name: "here" });
    people.done("moderator", { kind: "channel.change", channel, name: "there" }, { at: eu });
    people.meet();
    const [record] = people.register(registerKey.field(people.identity, "name"))?.resolution.records ?? [];
    const names: Asking = { kind: "conflict.restore", conflict: record?.id ?? "", version: record?.losers[0] ?? "" };
    expect(people.refused("owner", names)).toBe("invalid");
  });

  test("a delete that lost has no text to restore", () => {
    const people = People.gathered({ deletes: "lww" });
    const { channel, eu } = people;
    const message = people.message("other");
    const [deleted] = people.done("other", { kind: "message.delete", channel, message });
    people.done("moderator", { kind: "message.edit", channel, message, body: "theirs" }, { at: eu });
    people.meet();
    const conflict = people.body(message)?.resolution.records[0]?.id ?? "";
    expect(people.refused("other", { kind: "conflict.restore", conflict, version: deleted?.stamp ?? "" })).toBe("invalid");
  });
});

describe("conflict.see", () => {
  test("S6: who lost says once to have seen it, in any region", () => {
    const { people, message, see, conflict, lost } = disputed();
    const [event] = people.done("other", see, { at: people.eu });
    expect(event?.data).toEqual({ conflict, register: registerKey.body(people.identity, message.slice(-26)), of: [lost] });
    people.meet();
    for (const at of [people.us, people.eu]) {
      expect(people.body(message, at)?.resolution.records[0]?.state).toBe("seen");
      expect([...at.tables.range("losers", { from: "", to: "\u{7f}" })]).toEqual([]);
    }
    const again = people.ask("other", see);
    expect(again).toEqual({ answer: { conflict, seen: [] } });
  });

  test("whoever lost nothing has nothing to see, and a stranger not even the conflict", () => {
    const { people, see } = disputed();
    expect(people.refused("member", see)).toBe("nothing to do");
    expect(people.refused("auditor", see, { roles: ["auditor"] })).toBe("nothing to do");
    expect(people.refused("stranger", see)).toBe("not-found");
  });

  test("whose version lost sees it also where they are no member any more", () => {
    const { people, message, see } = disputed();
    people.done("owner", { kind: "member.remove", channel: people.channel, user: "other" });
    people.done("other", see);
    people.meet();
    for (const at of [people.us, people.eu]) expect(people.body(message, at)?.resolution.records[0]?.state).toBe("seen");
  });
});
