/**
 * Clients for whom several regions are equally near are shared among these by weight. Which client goes where is fixed by a hash of its block
 * (rendezvous hashing: the least of -ln(u)/weight stands first), so a client stays where it is; a region that is given more weight wins clients
 * only, and those of a region that goes are shared by the weights of the others.
 */
import { blockBits, unitOf } from "../address.ts";
import { kilometresOf, surelyApart } from "../distance.ts";
import { because, type Candidate, type Filter, reaching } from "../steering.ts";

/** Regions are equally near when the way to them differs by no more than that: a database errs by as much. */
export const EQUALLY_NEAR_KM = 100;

const APART = surelyApart(EQUALLY_NEAR_KM);
/** Cheaper than distances, and true for most clients. */
function areAllApart(near: readonly number[], from: number): boolean {
  for (let i = from + 1; i < near.length; i += 1) if (near[i - 1]! - near[i]! <= APART) return false;
  return true;
}

const weightOf = ({ region: { weight = 1 } }: Candidate): number => weight;

export const weighted: Filter = (steering, { address }, { unshared }) => {
  const { candidates, named, near } = steering;
  if (near === undefined || address === undefined || unshared === true || areAllApart(near, named)) return steering;
  const kilometres = near.map(kilometresOf);
  const order = candidates.slice();
  let shared = 0;
  let first: readonly Candidate[] = [];
  for (let from = named, to = named + 1; from < order.length; from = to, to += 1) {
    while (to < order.length && kilometres[to]! - kilometres[from]! <= EQUALLY_NEAR_KM) to += 1;
    if (to - from < 2) continue;
    const group = order.slice(from, to);
    const scores = new Map(group.map((one) => [one, -Math.log(unitOf(address, `weight ${one.region.name}`)) / weightOf(one)]));
    group.sort((a, b) => scores.get(a)! - scores.get(b)!);
    order.splice(from, group.length, ...group);
    shared += group.length;
    if (from === 0) first = group;
  }
  if (shared === 0) return steering;
  const all = first.reduce((sum, one) => sum + weightOf(one), 0);
  return {
    ...reaching(steering, blockBits(address)),
    candidates: order,
    by: first.length > 0 ? "weight" : steering.by,
    reason: because(steering.reason, (candidate, before) =>
      first.includes(candidate) ? `${before()}, by its weight ${weightOf(candidate)} of ${all} among those as near` : undefined,
    ),
  };
};
