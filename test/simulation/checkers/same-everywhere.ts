/** C3: after quiet every region holds the same state, row by row, and knows it by the same digests. */
import { canonical } from "../../../core/canonical.ts";
import type { TableName } from "../../../core/ports/state-store.ts";
import type { Register } from "../../../core/register.ts";
import { Violation } from "../violation.ts";
import type { EndState, RegionEnd } from "./end-state.ts";
import { ALL } from "./end-state.ts";

const SHARED: readonly TableName[] = [
  "registers",
  "timeline",
  "memberships",
  "channelConflicts",
  "losers",
  "contested",
  "digests",
  "positions",
];

export function sameEverywhere({ regions }: EndState): void {
  const [first, ...others] = regions;
  if (first === undefined) return;
  for (const table of SHARED) {
    const expected = rowsOf(first, table);
    for (const other of others) {
      const rows = rowsOf(other, table);
      for (const key of new Set([...expected.keys(), ...rows.keys()]))
        if (expected.get(key) !== rows.get(key))
          throw new Violation(
            "C3",
            `${table} ${key} differs: ${first.region} has ${expected.get(key)}, ${other.region} has ${rows.get(key)}`,
          );
    }
  }
  for (const region of regions) nothingAside(region);
}

const rowsOf = ({ store }: RegionEnd, table: TableName): ReadonlyMap<string, string> =>
  new Map([...store.range(table, ALL)].map(([key, value]) => [key, canonical(table === "registers" ? inOrder(value as Register) : value)]));

/** In which order the entries came is a fact of the region, not of the state. */
const inOrder = (register: Register): Register => ({ ...register, entries: byStamp(register.entries), seen: byStamp(register.seen) });
const byStamp = <T extends { readonly stamp: string }>(some: readonly T[]): readonly T[] =>
  [...some].sort((a, b) => (a.stamp < b.stamp ? -1 : 1));

/** Honest regions make no event that another must refuse, wait for or call void. */
function nothingAside({ region, store, registers }: RegionEnd): void {
  for (const [key, { reason }] of store.range("quarantine", ALL)) throw new Violation("C3", `${region} quarantines ${key}: ${reason}`);
  for (const { key, resolution } of registers.values()) {
    if (resolution.pending.length > 0)
      throw new Violation("C3", `${region} still waits for the right of ${resolution.pending[0]} in ${key}`);
    if (resolution.void.length > 0) throw new Violation("C3", `${region} calls the honest ${resolution.void[0]} in ${key} void`);
  }
}
