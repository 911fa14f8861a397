/**
 * Which region a client should go to: an ordered list of small filters, after NS1's filter chains. Each orders the candidates, or takes some
 * out of the offer and says why; where two of them order, the later has the word. So the chain reads: the operator's word; who is out (drained,
 * not up, cut off for long); what is near; what was measured to be quicker than what is near; who is nearly full; who is coming back; how many.
 *
 * There is always an answer: when no region is to be offered, the answer is as if all were, for a client that is sent somewhere may get through.
 */
import type { RankedRegion } from "../core/objects.ts";
import type { Client } from "./client.ts";
import { nearest } from "./filters/nearest.ts";
import { behindOffered, cutOff, drained, up } from "./filters/offered.ts";
import { overridden } from "./filters/overridden.ts";
import { quickest } from "./filters/quickest.ts";
import { ramp, shedLoad } from "./filters/shares.ts";
import type { Candidate, Filter, Steering, World } from "./steering.ts";

export interface Ranking {
  readonly items: readonly RankedRegion[];
  /** How many bits of the client's address the answer hangs on (RFC 7871). */
  readonly scope: number;
  /** Seconds. */
  readonly ttl: number;
}

/** Seconds an answer may be kept: at rest, and while one of the client's first two regions may be about to change. */
export const TTL_REST = 30;
export const TTL_UNSETTLED = 5;

const firstN =
  (n: number): Filter =>
  (steering) =>
    n >= steering.candidates.length ? steering : { ...steering, candidates: steering.candidates.slice(0, n) };

const ORDERING: readonly Filter[] = [overridden, drained, up, cutOff, nearest];
const CHOOSING: readonly Filter[] = [behindOffered, quickest, shedLoad, ramp];

const isUnsettled = ({ health: { state, settled, share, shed } }: Candidate): boolean =>
  state !== "up" || !settled || share < 1 || shed > 0;

const words = (
  { region: { name, url }, health, refused, why = "by configuration" }: Candidate,
  place: number,
  anyOffered: boolean,
): RankedRegion => {
  if (refused === undefined)
    return { name, url, state: "up", why: place === 0 ? `first: ${why}` : `number ${place + 1}: ${why}`, share: health.share };
  return {
    name,
    url,
    state: refused.state,
    why: anyOffered ? refused.why : `${refused.why}; no region is up, so all are offered`,
    share: 0,
  };
};

export interface Ask extends World {
  readonly client: Client;
  /** At most so many regions in the answer; all when absent. */
  readonly first?: number;
}

/** Pure: the same question has the same answer. */
export function rankRegions({ client, first, ...world }: Ask): Ranking {
  let steering: Steering = begun(world);
  for (const filter of ORDERING) steering = filter(steering, client, world);
  const unsettled = steering.candidates.slice(0, 2).some(isUnsettled);
  for (const filter of CHOOSING) steering = filter(steering, client, world);
  if (first !== undefined) steering = firstN(first)(steering, client, world);
  const { candidates, scope } = steering;
  const anyOffered = candidates.some(({ refused }) => refused === undefined);
  return {
    items: candidates.map((candidate, place) => words(candidate, place, anyOffered)),
    scope,
    ttl: unsettled ? TTL_UNSETTLED : TTL_REST,
  };
}

const NOT_SEEN = { state: "up", why: "not looked at yet", settled: false, share: 1, shed: 0 } as const;

const begun = ({ regions, health }: World): Steering => ({
  candidates: regions.map((region) => ({ region, health: health.get(region.name) ?? NOT_SEEN })),
  scope: 0,
});
