/** Which stamps are distrusted (T2, semantics D3): those that witnesses from more than half of the regions cover. A function of the witnesses alone. */
import type { Position } from "./position.ts";
import type { Stamp } from "./stamp.ts";
import { stampRegion } from "./stamp.ts";

/** One region's word that a stretch of another region's stamps lay beyond the bound. */
export interface Witness {
  readonly origin: string;
  readonly from: Stamp;
  readonly to: Stamp;
  /** The region that witnessed. */
  readonly by: string;
  /** Regions in the witness's topology; the largest counts. */
  readonly of: number;
  /** Where it stands in the witness's log: an origin judged by the witnesses it had applied, and by no others (D6). */
  readonly position: Position;
}

/** Asked for every candidate of a verdict: whether the stamp lies in a stretch that more than half of the regions have witnessed. */
export function distrustOf(witnesses: readonly Witness[]): (stamp: Stamp) => boolean {
  if (witnesses.length === 0) return () => false;
  const byOrigin = new Map<string, readonly Witness[]>();
  for (const witness of witnesses) byOrigin.set(witness.origin, [...(byOrigin.get(witness.origin) ?? []), witness]);
  return (stamp) => {
    const covering = (byOrigin.get(stampRegion(stamp)) ?? []).filter(({ from, to }) => from <= stamp && stamp <= to);
    if (covering.length === 0) return false;
    const of = Math.max(...covering.map((witness) => witness.of));
    return new Set(covering.map(({ by }) => by)).size * 2 > of;
  };
}
