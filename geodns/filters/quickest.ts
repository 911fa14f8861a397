/** A region that clients of this block measured to be clearly quicker than the first goes before it. */
import type { Candidate, Filter } from "../steering.ts";

export const quickest: Filter = (steering, client, { measured: table }) => {
  if (table === undefined) return steering;
  const { measured, bits } = table.find(client);
  const scope = Math.max(steering.scope, bits);
  const [first, ...others] = steering.candidates;
  if (measured === undefined || first === undefined || first.named === true || first.refused !== undefined) return { ...steering, scope };
  const msOf = ({ region }: Candidate): number => measured.averages.get(region.name)?.ms ?? Number.POSITIVE_INFINITY;
  let best: Candidate | undefined;
  for (const other of others)
    if (
      other.refused === undefined &&
      measured.wins.has(`${other.region.name} ${first.region.name}`) &&
      (best === undefined || msOf(other) < msOf(best))
    )
      best = other;
  if (best === undefined) return { ...steering, scope };
  const why = `by measurement, ${Math.round(msOf(best))} ms against ${Math.round(msOf(first))} ms to ${first.region.name}`;
  return { candidates: [{ ...best, why }, ...steering.candidates.filter((candidate) => candidate !== best)], scope };
};
