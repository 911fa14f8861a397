/** Rights judged again by what the origin saw (A4, D6). ana owns the channel; everybody else has what she or others gave them. */
import { expect, test } from "vitest";
import type { Witness } from "./distrust.ts";
import type { Role } from "./event.ts";
import type { Entry, RegisterKey } from "./register.ts";
import { registerKey } from "./register.ts";
import { standings } from "./rights.ts";
import { formatStamp } from "./stamp.ts";

const at = (time: number, region: string): string => formatStamp(time, 0, region);
const body = registerKey.body("c", "m");
const member = (user: string): RegisterKey => registerKey.member("c", user);

interface Said extends Partial<Omit<Entry, "after" | "position">> {
  readonly value: Entry["value"];
  /** Sequence in the log of the stamp's region. */
  readonly sequence: number;
  /** Origin -> sequence up to which the origin had applied it. */
  readonly saw?: Readonly<Record<string, number>>;
}

/** Logs of a few regions, written down as facts. */
class Logs {
  readonly #registers = new Map<RegisterKey, Entry[]>();
  readonly witnesses: Witness[] = [];

  constructor() {
    this.write(member("ana"), "1 us", "ana", { value: "owner", sequence: 1 });
  }

  /** `when`: "<time> <region>". */
  write(key: RegisterKey, when: string, author: string, { sequence, saw, ...said }: Said): Entry {
    const [time = "0", region = ""] = when.split(" ");
    const stamp = at(Number(time), region);
    const after = Object.fromEntries(Object.entries(saw ?? {}).map(([origin, n]) => [origin, `1.${n}.0`]));
    const entry: Entry = {
      stamp,
      kind: "set",
      author,
      command: stamp,
      content: JSON.stringify(said.value),
      replaces: [],
      policy: "lww",
      deletes: "final",
      after,
      position: { origin: region, epoch: 1, sequence, place: 0 },
      hash: "0",
      ...said,
    };
    this.#registers.set(key, [...(this.#registers.get(key) ?? []), entry]);
    return entry;
  }

  /** ana makes `user` what they are, as the second event of us. */
  invite(user: string, role: Role, sequence = 2): Entry {
    return this.write(member(user), `${sequence} us`, "ana", { value: role, sequence, right: at(1, "us"), saw: { us: sequence - 1 } });
  }

  entries(key: RegisterKey): readonly Entry[] {
    return this.#registers.get(key) ?? [];
  }

  standing(key: RegisterKey, entry: Entry) {
    const lookup = (one: RegisterKey) => ({ key: one, entries: this.entries(one) });
    return standings(lookup(key), { lookup, witnesses: this.witnesses })(entry);
  }
}

test("A4: what a moderator did to somebody shown as a plain member stands, though another promoted them meanwhile", () => {
  const logs = new Logs();
  const mo = logs.invite("mo", "moderator");
  const plain = logs.invite("cy", "member", 3);
  const promoted = logs.write(member("cy"), "4 us", "ana", {
    value: "moderator",
    sequence: 4,
    right: at(1, "us"),
    saw: { us: 3 },
    replaces: [plain.stamp],
  });
  const kept = logs.write(member("cy"), "5 eu", "ana", {
    value: "member",
    sequence: 1,
    right: at(1, "us"),
    saw: { us: 3 },
    replaces: [plain.stamp],
  });
  const both = { replaces: [promoted.stamp, kept.stamp], saw: { us: 4, eu: 1 }, right: mo.stamp, value: null };
  expect(logs.standing(member("cy"), logs.write(member("cy"), "6 ap", "mo", { ...both, sequence: 1 }))).toBe("ok");
  const sawPromotion = { ...both, replaces: [promoted.stamp], saw: { us: 4 } };
  expect(logs.standing(member("cy"), logs.write(member("cy"), "7 ap", "mo", { ...sawPromotion, sequence: 2 }))).toBe("void");
});

test("A4, T2: an origin judged by the witnesses it had, not by those that came later", () => {
  const logs = new Logs();
  const given = logs.invite("bo", "member");
  const ahead = logs.write(member("bo"), "9000 eu", "ana", {
    value: null,
    sequence: 1,
    right: at(1, "us"),
    saw: { us: 2 },
    replaces: [given.stamp],
  });
  const sane = logs.write(member("bo"), "3 us", "ana", {
    value: "moderator",
    sequence: 3,
    right: at(1, "us"),
    saw: { us: 2 },
    replaces: [given.stamp],
  });
  for (const by of ["us", "ap"])
    logs.witnesses.push({
      origin: "eu",
      from: ahead.stamp,
      to: ahead.stamp,
      by,
      of: 3,
      position: { origin: by, epoch: 1, sequence: 4, place: 0 },
    });
  const sent = { kind: "sent", value: "hi", right: sane.stamp } as const;
  expect(logs.standing(body, logs.write(body, "6 us", "bo", { ...sent, sequence: 6, saw: { us: 4, eu: 1, ap: 4 } }))).toBe("ok");
  expect(logs.standing(body, logs.write(body, "7 us", "bo", { ...sent, sequence: 7, saw: { us: 4, eu: 1, ap: 3 } }))).toBe("void");
});

test("A4: a membership that was pending for the origin did not count for it, and does not count against it later", () => {
  const logs = new Logs();
  const given = logs.invite("bo", "member");
  const owner = logs.write(member("di"), "4 ap", "ana", { value: "owner", sequence: 1, right: at(1, "us"), saw: { us: 2 } });
  logs.write(member("bo"), "5 us", "di", { value: null, sequence: 3, right: owner.stamp, saw: { us: 2, ap: 1 }, replaces: [given.stamp] });
  // eu had applied the removal, but not yet the membership of the one who removed.
  const sent = logs.write(body, "6 eu", "bo", { kind: "sent", value: "hi", sequence: 1, right: given.stamp, saw: { us: 3 } });
  expect(logs.standing(body, sent)).toBe("ok");
});

test("A4: a restore of a text that is not here yet waits; of somebody else's it is void", () => {
  const logs = new Logs();
  const [cy, bo, mo] = [logs.invite("cy", "member", 2), logs.invite("bo", "member", 3), logs.invite("mo", "moderator", 4)];
  const saw = { us: 4 };
  logs.write(body, "10 us", "cy", { kind: "sent", value: "hi", sequence: 5, right: cy.stamp, saw });
  const edited = { kind: "restored", value: "text", right: bo.stamp, saw } as const;
  const restored = logs.write(body, "12 eu", "bo", { ...edited, sequence: 1, of: at(11, "ap") });
  expect(logs.standing(body, restored)).toBe("pending");
  logs.write(body, "11 ap", "mo", { kind: "edited", value: "text", sequence: 1, right: mo.stamp, saw });
  expect(logs.standing(body, restored)).toBe("void");
});

test("A4: rights that lean on each other in a circle stay pending", () => {
  const logs = new Logs();
  const [one, other] = [at(5, "eu"), at(6, "eu")];
  const first = logs.write(member("x"), "5 eu", "y", { value: "owner", sequence: 1, right: other, saw: { eu: 2 } });
  const second = logs.write(member("y"), "6 eu", "x", { value: "owner", sequence: 2, right: one, saw: { eu: 1 } });
  expect([logs.standing(member("x"), first), logs.standing(member("y"), second)]).toEqual(["pending", "pending"]);
});

test("A4: the register being judged is taken as it is now, also where a right leads back to it", () => {
  const logs = new Logs();
  const promoted = logs.invite("bo", "owner");
  const given = logs.write(member("cy"), "3 us", "bo", { value: "owner", sequence: 3, right: promoted.stamp, saw: { us: 2 } });
  const back = logs.write(member("bo"), "4 us", "cy", {
    value: "member",
    sequence: 4,
    right: given.stamp,
    saw: { us: 3 },
    replaces: [promoted.stamp],
  });
  const known = new Map([
    [member("cy"), [given]],
    [member("ana"), logs.entries(member("ana"))],
  ]);
  const lookup = (key: RegisterKey) => ({ key, entries: known.get(key) ?? [] });
  expect(standings({ key: member("bo"), entries: [promoted, back] }, { lookup, witnesses: [] })(back)).toBe("ok");
});
