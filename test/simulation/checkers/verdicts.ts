/** C4: what is shown is the greatest trusted stamp among the heads, a delete is final (C10). C5: every conflict is recorded once, with its losers, and audited. */
import { canonical } from "../../../core/canonical.ts";
import type { ConflictRecord, Register } from "../../../core/register.ts";
import { misled } from "../model/merged.ts";
import type { ModelRecord, Verdict } from "../model/verdict.ts";
import { Violation } from "../violation.ts";
import type { EndState, RegionEnd } from "./end-state.ts";
import { ALL } from "./end-state.ts";

export function rightVerdicts({ verdicts, acts, regions }: EndState): void {
  for (const [key, { versions }] of verdicts)
    for (const { stamp, text } of misled(versions))
      throw new Violation("C4", `the update of ${stamp} in ${key} does not make ${text} of what its author saw`);
  for (const region of regions) {
    const audited = verdictsAudited(region);
    for (const [key, verdict] of verdicts) {
      const register = region.registers.get(key);
      if (register === undefined) throw new Violation("C4", `${region.region} has no register ${key}`);
      shownRight(region.region, register, verdict);
      if (acts.get(key)?.some(({ finalDelete }) => finalDelete) && register.resolution.value !== null)
        throw new Violation("C10", `${region.region} shows ${canonical(register.resolution.value)} in ${key}, which was deleted for good`);
      recordedRight(region.region, register, verdict, audited);
    }
  }
}

function shownRight(region: string, { key, resolution }: Register, { heads, winner, versions, merged }: Verdict): void {
  const told = `${region} shows ${resolution.winner} of heads ${resolution.heads.join(" ")} in ${key}`;
  if (canonical(resolution.heads) !== canonical(heads)) throw new Violation("C4", `${told}; its heads are ${heads.join(" ")}`);
  const text = (resolution.value as { readonly body?: unknown } | null)?.body;
  if (merged !== undefined && text !== merged)
    throw new Violation("C4", `${told}, with the text ${canonical(text)}; merged, they say ${canonical(merged)}`);
  if (resolution.winner !== winner) throw new Violation("C4", `${told}; the winner is ${winner} of ${versions.length} versions`);
}

function recordedRight(region: string, { key, resolution }: Register, { records }: Verdict, audited: ReadonlyMap<string, string>): void {
  const expected = records.map(recordText).sort();
  const found = resolution.records.map(recordText).sort();
  if (canonical(expected) !== canonical(found))
    throw new Violation(
      "C5",
      `${region} records of ${key}: ${found.join(" ; ") || "none"}; there should be ${expected.join(" ; ") || "none"}`,
    );
  for (const record of resolution.records)
    if (audited.get(record.id) !== recordText(record))
      throw new Violation(
        "C5",
        `${region} audited of ${record.id} in ${key} last ${audited.get(record.id)}, and shows ${recordText(record)}`,
      );
}

const recordText = ({ versions, winner, losers, rule }: ConflictRecord | ModelRecord): string =>
  `${rule}: ${versions.join(" ")} -> ${winner}, lost ${losers.join(" ") || "none"}`;

/** The last verdict in the audit log, by conflict. */
function verdictsAudited({ store }: RegionEnd): ReadonlyMap<string, string> {
  const last = new Map<string, string>();
  for (const [, fact] of store.range("audit", ALL))
    if (fact["kind"] === "verdict") last.set(String(fact["conflict"]), recordText(fact as unknown as ConflictRecord));
  return last;
}
