/** Who is offered at all. None of this hangs on the client. */
import type { Candidate, Filter } from "../steering.ts";

const refusing =
  (refused: (candidate: Candidate) => Candidate["refused"]): Filter =>
  (steering) => {
    const isRefused = (candidate: Candidate): boolean => candidate.refused === undefined && refused(candidate) !== undefined;
    if (!steering.candidates.some(isRefused)) return steering;
    const marked = steering.candidates.map((candidate) =>
      isRefused(candidate) ? { ...candidate, refused: refused(candidate)! } : candidate,
    );
    return { ...steering, candidates: marked };
  };

/** Taken out by an operator, or on its way out by itself. */
export const drained = refusing(({ region, health: { state, why } }) => {
  if (region.drained) return { state: "drained", why: "drained in the list of regions" };
  return state === "draining" || state === "drained" ? { state, why } : undefined;
});
/** Does not answer, says it is not ready, or has a clock that its peers do not believe (T2). */
export const up = refusing(({ health: { state, why } }) =>
  state === "down" || state === "unready" || state === "clock" ? { state, why } : undefined,
);
/** Cut off for longer than most partitions last (T7). */
export const cutOff = refusing(({ health: { state, why } }) => (state === "cut-off" ? { state, why } : undefined));

/** Who is not offered stands behind who is, each in the order they had. */
export const behindOffered: Filter = (steering) => {
  const { candidates } = steering;
  if (candidates.every(({ refused }) => refused === undefined)) return steering;
  const anyOffered = candidates.some(({ refused }) => refused === undefined);
  return {
    ...steering,
    by: anyOffered && candidates[0]?.refused !== undefined ? "health" : steering.by,
    candidates: [
      ...candidates.filter(({ refused }) => refused === undefined),
      ...candidates.filter(({ refused }) => refused !== undefined),
    ],
  };
};
