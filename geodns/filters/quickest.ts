/** A region that clients of this block measured to be clearly quicker than the first goes before it. */
import { because, type Candidate, type Filter, reaching } from "../steering.ts";

export const quickest: Filter = (steering, client, { measured: table }) => {
  if (table === undefined) return steering;
  const { measured, bits } = table.find(client);
  const reached = reaching(steering, bits);
  const [first, ...others] = reached.candidates;
  if (measured === undefined || measured.wins.size === 0 || first === undefined || reached.named > 0 || first.refused !== undefined)
    return reached;
  const msOf = ({ region }: Candidate): number => measured.averages.get(region.name)?.ms ?? Number.POSITIVE_INFINITY;
  let best: Candidate | undefined;
  for (const other of others) {
    const wins = other.refused === undefined && measured.wins.has(`${other.region.name} ${first.region.name}`);
    if (wins && (best === undefined || msOf(other) < msOf(best))) best = other;
  }
  if (best === undefined) return reached;
  const taken = best;
  return {
    ...reached,
    by: "measurement",
    candidates: [taken, ...reached.candidates.filter((candidate) => candidate !== taken)],
    reason: because(reached.reason, (candidate) =>
      candidate === taken
        ? `by measurement, ${Math.round(msOf(taken))} ms against ${Math.round(msOf(first))} ms to ${first.region.name}`
        : undefined,
    ),
  };
};
