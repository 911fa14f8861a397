/** Two readings of semantics.md, written apart, must agree on arbitrary sets of events: else one of them is wrong. */
import { expect, test } from "vitest";
import { sha256 } from "../../../core/hash.ts";
import type { Entry } from "../../../core/register.ts";
import { resolve } from "../../../core/resolve.ts";
import { formatStamp } from "../../../core/stamp.ts";
import type { Random } from "../random.ts";
import { randomOf } from "../random.ts";
import type { Act } from "./acts.ts";
import { verdictOf } from "./verdict.ts";

const REGIONS = ["us", "eu", "ap"];
const KEY = "abc|body|m";

/** Arbitrary: cycles, unknown stamps, twins, deletes. */
function arbitrary(random: Random): readonly Act[] {
  const stamps = Array.from({ length: 2 + random.below(7) }, (_, index) =>
    formatStamp(1_000 + random.below(6), index, random.pick(REGIONS)),
  );
  const deletes = random.chance(0.5);
  const finalDeletes = random.chance(0.5);
  return stamps.map((stamp, index) => {
    const command = `c${random.below(stamps.length)}`;
    const replaces = stamps.filter(() => random.chance(index === 0 ? 0.05 : 0.3));
    const value = deletes && random.chance(0.25) ? null : { body: `text ${random.below(4)}`, metadata: null };
    const finalDelete = value === null && finalDeletes;
    return {
      stamp,
      author: "u",
      command,
      value,
      replaces: random.chance(0.05) ? [...replaces, formatStamp(1, 1, "us")] : replaces,
      finalDelete,
      edit: true,
      rule: "lww",
      merges: false,
    };
  });
}

const entryOf = ({ stamp, author, command, value, replaces, finalDelete }: Act): Entry => ({
  stamp,
  kind: value === null ? "deleted" : "edited",
  author,
  command,
  content: sha256(JSON.stringify(value)),
  value,
  replaces,
  policy: "lww",
  deletes: finalDelete ? "final" : "lww",
  after: {},
  position: { origin: "us", epoch: 1, sequence: 1, place: 0 },
  hash: sha256(stamp),
});

test("S2, S3: the model of the checkers and the code of the core agree on 4,000 arbitrary sets (seeds 1..4000)", () => {
  for (let seed = 1; seed <= 4_000; seed += 1) {
    const random = randomOf(seed);
    const acts = arbitrary(random);
    const liar = random.chance(0.3) ? random.pick(REGIONS) : "";
    const isDistrusted = (stamp: string): boolean => stamp.endsWith(`-${liar}`);
    const expected = verdictOf(acts, isDistrusted);
    const found = resolve({ key: KEY, entries: acts.map(entryOf), seen: [] }, { isDistrusted, standing: () => "ok" });
    const records = found.records.map(({ versions, winner, losers, rule }) => ({ versions, winner, losers, rule }));
    expect({ seed, heads: found.heads, winner: found.winner, records }).toEqual({
      seed,
      heads: expected.heads,
      winner: expected.winner,
      records: [...expected.records].sort((a, b) => ((a.versions[0] ?? "") < (b.versions[0] ?? "") ? -1 : 1)),
    });
  }
});
