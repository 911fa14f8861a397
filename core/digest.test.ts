/** What two regions compare: equal bytes for equal states, and never the text itself (D9, H9). */
import { expect, test } from "vitest";
import { bucketOf, registerBytes, registerTerm } from "./digest.ts";
import type { Json } from "./event.ts";
import { EMPTY_SUM, sha256 } from "./hash.ts";
import type { Entry, Register } from "./register.ts";
import { applyWrite } from "./register-apply.ts";
import { formatStamp } from "./stamp.ts";

const DAY_MS = 86_400_000;
function entry(timeMs: number, region: string, value: Json, replaces: readonly string[] = []): Entry {
  const stamp = formatStamp(timeMs, 0, region);
  return {
    stamp,
    kind: replaces.length === 0 ? "sent" : "edited",
    author: "ana",
    command: stamp,
    content: `commitment to ${JSON.stringify(value)}`,
    value,
    replaces,
    policy: "merge",
    deletes: "final",
    after: {},
    position: { origin: region, epoch: 1, sequence: 1, place: 0 },
    hash: sha256(stamp),
    update: "u",
  };
}
const joined = (entries: readonly Entry[], merged?: string): Register =>
  entries.reduce<Register | undefined>(
    (before, one) =>
      applyWrite(
        before,
        { key: "c|body|m", entry: one },
        { isDistrusted: () => false, standing: () => "ok", ...(merged === undefined ? {} : { merge: () => merged }) },
      ),
    undefined,
  ) ?? {
    key: "",
    entries: [],
    seen: [],
    count: 0,
    sum: EMPTY_SUM,
    resolution: { value: null, winner: null, heads: [], records: [], incomplete: [], pending: [], void: [] },
  };

test("H9: the text enters by its commitment, so that erasing it everywhere changes no digest", () => {
  const register = joined([entry(1, "us", "secret")]);
  expect(registerBytes(register)).not.toContain('"secret"');
  const erased = {
    ...register,
    entries: register.entries.map((one) => ({ ...one, value: null })),
    resolution: { ...register.resolution, value: null },
  };
  expect(registerTerm(erased)).toBe(registerTerm(register));
});

test("S5: a merged text that differs is noticed, though winner and events are the same", () => {
  const birth = entry(1, "us", "a");
  const both = [birth, entry(2, "us", "ab", [birth.stamp]), entry(2, "eu", "ac", [birth.stamp])];
  expect(registerTerm(joined(both, "abc"))).not.toBe(registerTerm(joined(both, "acb")));
  expect(registerTerm(joined(both, "abc"))).toBe(registerTerm(joined([...both].reverse(), "abc")));
});

test("S5: a register lies in the day of its smallest stamp, whatever comes first", () => {
  const [early, late] = [entry(DAY_MS - 1, "us", "a"), entry(DAY_MS, "us", "b")];
  expect(bucketOf(joined([late]))).toBe("1970-01-02");
  expect([bucketOf(joined([late, early])), bucketOf(joined([early, late]))]).toEqual(["1970-01-01", "1970-01-01"]);
});
