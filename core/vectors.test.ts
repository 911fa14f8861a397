/** The vectors of the semantics: any order, any repetition, the same state, records and digest (S1-S5, T2, T3, D1-D9). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { canonical } from "./canonical.ts";
import type { Witness } from "./distrust.ts";
import { distrustOf } from "./distrust.ts";
import type { Json } from "./event.ts";
import { addHash, EMPTY_SUM, sha256 } from "./hash.ts";
import { parsePosition } from "./position.ts";
import type { Entry, Register, Write } from "./register.ts";
import { applyWrite, reresolve } from "./register-apply.ts";
import { standings } from "./rights.ts";
import { formatStamp, stampRegion, stampTimeMs } from "./stamp.ts";

interface Told {
  readonly stamp: string;
  readonly kind: string;
  readonly reg: string;
  readonly by: string;
  readonly value?: Json;
  readonly replaces?: readonly string[];
  readonly command?: string;
  readonly policy?: "lww" | "merge";
  readonly deletes?: "final" | "lww";
  readonly update?: string;
  readonly of?: string | number;
  readonly pos?: string;
  readonly after?: Readonly<Record<string, number>>;
  readonly right?: string;
  readonly origin?: string;
  readonly from?: string;
  readonly to?: string;
}
type Expected = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
interface Vector {
  readonly name: string;
  readonly events: readonly Told[];
  readonly at?: Readonly<Record<string, Expected>>;
  readonly expect: Expected;
  readonly digest: string;
}
const { vectors } = JSON.parse(readFileSync(new URL("vectors.json", import.meta.url), "utf8")) as { vectors: readonly Vector[] };

const ours = (stamp: string): string => formatStamp(Number(stamp.split(".")[0]), 0, stamp.split(".")[1] ?? "");
const theirs = (stamp: string): string => `${stampTimeMs(stamp)}.${stampRegion(stamp)}`;
const KEYS: Readonly<Record<string, string>> = { body: "body", member: "member", alias: "alias", react: "reaction" };
const keyOf = (reg: string): string => {
  const [kind = "", ...ids] = reg.split(":");
  return `c|${KEYS[kind]}|${ids.join("|")}`;
};
const seqs = (after: Readonly<Record<string, number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(after).map(([origin, n]) => [origin, `1.${n}.0`]));

function writeOf(told: Told): Write {
  const { pos: _, ...said } = told;
  const hash = sha256(canonical(said));
  const stamp = ours(told.stamp);
  if (told.kind === "seen") return { key: keyOf(told.reg), seen: { stamp, author: told.by, of: [ours(String(told.of))], hash } };
  const body = told.reg.startsWith("body:");
  const kind = !body ? "set" : told.value === null ? "deleted" : (told.kind as Entry["kind"]);
  const [origin = "", n = "0"] = (told.pos ?? `${told.stamp.split(".")[1]}:1000`).split(":");
  return {
    key: keyOf(told.reg),
    entry: {
      stamp,
      kind,
      author: told.by,
      command: told.command ?? told.stamp,
      content: canonical(told.value),
      value: told.value ?? null,
      replaces: (told.replaces ?? []).map(ours),
      policy: told.policy ?? "lww",
      deletes: told.deletes ?? "final",
      after: seqs(told.after ?? {}),
      position: parsePosition(`${origin}.1.${n}.0`)!,
      hash,
      ...(told.right === undefined ? {} : { right: ours(told.right) }),
      ...(told.update === undefined ? {} : { update: told.update }),
      ...(told.of === undefined ? {} : { of: ours(String(told.of)) }),
    },
  };
}

/** A replica of a few registers, in its simplest form: each event joins its register, then everything is judged again. */
class Small {
  readonly registers = new Map<string, Register>();
  readonly names = new Map<string, string>();
  readonly #witnesses = new Map<string, Witness>();

  take(told: Told): void {
    if (told.kind === "witness")
      this.#witnesses.set(told.stamp, {
        origin: told.origin!,
        from: ours(told.from!),
        to: ours(told.to!),
        by: told.stamp.split(".")[1]!,
        of: Number(told.of),
        position: parsePosition(`${told.stamp.split(".")[1]}.1.1000.0`)!,
      });
    else {
      const write = writeOf(told);
      this.names.set(write.key, told.reg);
      const before = this.registers.get(write.key);
      const entries = [...(before?.entries ?? []), ...("entry" in write ? [write.entry] : [])];
      this.registers.set(write.key, applyWrite(before, write, this.#judgement(write.key, entries)));
    }
    for (let round = 0; round < 3; round += 1)
      for (const [key, register] of this.registers) this.registers.set(key, reresolve(register, this.#judgement(key, register.entries)));
  }

  #judgement(key: string, entries: readonly Entry[]) {
    return {
      isDistrusted: distrustOf([...this.#witnesses.values()]),
      standing: standings({ key, entries }, { lookup: (one) => this.registers.get(one), witnesses: [...this.#witnesses.values()] }),
      merge: (heads: readonly { readonly stamp: string }[]) => `merge(${heads.map(({ stamp }) => theirs(stamp))})`,
    };
  }

  shown(): Expected {
    return Object.fromEntries([...this.registers].map(([key, register]) => [this.names.get(key)!, this.#shown(register)]));
  }

  digest(): string {
    let sum = EMPTY_SUM;
    for (const [key, { resolution, count, sum: events }] of this.registers)
      sum = addHash(
        sum,
        sha256(
          canonical([
            this.names.get(key),
            resolution.winner && theirs(resolution.winner),
            resolution.value,
            resolution.heads.map(theirs).sort(),
            count,
            events,
          ]),
        ),
      );
    return sum;
  }

  #shown({ resolution, entries }: Register) {
    const { value, winner, heads, records, incomplete, pending, void: voided } = resolution;
    const base = (text: string): string => {
      const entry = entries.find(({ author, command, content }) => `${author}\n${command}\n${content}` === text);
      return entry === undefined
        ? text
        : entry.command === theirs(entry.stamp)
          ? entry.command
          : `${entry.author}/${entry.command}/${canonical(entry.value)}`;
    };
    const list = (name: string, stamps: readonly string[]) => (stamps.length > 0 ? { [name]: stamps.map(theirs) } : {});
    return {
      value,
      winner: winner && theirs(winner),
      heads: heads.map(theirs),
      records: records.map(({ id: _, restoredBy: __, ...record }) => ({
        ...record,
        base: base(record.base),
        versions: record.versions.map(theirs),
        winner: theirs(record.winner),
        losers: record.losers.map(theirs),
      })),
      ...list("incomplete", incomplete),
      ...list("pending", pending),
      ...list("void", voided),
    };
  }
}

const sorted = (expected: Expected): Expected =>
  Object.fromEntries(
    Object.entries(expected).map(([reg, { heads, ...rest }]) => [reg, { ...rest, heads: [...(heads as string[])].sort() }]),
  );
function shuffled<T>(list: readonly T[], seed: number): T[] {
  let a = seed + 1;
  const next = (): number => {
    a = (Math.imul(a, 1_103_515_245) + 12_345) >>> 0;
    return a / 4_294_967_296;
  };
  return list
    .map((one) => ({ one, at: next() }))
    .sort((x, y) => x.at - y.at)
    .map(({ one }) => one);
}
const played = (events: readonly Told[]): Small => {
  const small = new Small();
  for (const event of events) small.take(event);
  return small;
};

test("there are vectors to look at", () => expect(vectors.length).toBeGreaterThan(30));

describe.each(vectors.map((vector) => [vector.name, vector] as const))("S1 S2 S3 %s", (_, { events, at, expect: expected, digest }) => {
  test("in the order given, at each prefix", () => {
    for (const [n, prefix] of Object.entries(at ?? {})) expect(sorted(played(events.slice(0, Number(n))).shown())).toEqual(sorted(prefix));
    expect(sorted(played(events).shown())).toEqual(sorted(expected));
    expect(played(events).digest()).toBe(digest);
  });

  test("S5: in a hundred orders with repetitions", () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const small = played(shuffled([...events, ...events.slice(0, 1 + (seed % events.length))], seed));
      expect([seed, sorted(small.shown())]).toEqual([seed, sorted(expected)]);
      expect(small.digest()).toBe(digest);
    }
  });
});
