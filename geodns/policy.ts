/**
 * Which region a client should go to: an ordered list of small filters, after NS1's filter chains. Each orders the candidates, or takes some
 * out of the offer and says why; where two of them order, the later has the word. So the chain reads: the operator's word; who is out (drained,
 * not up, cut off for long); what is near, and who of those equally near; what was measured to be quicker; who is nearly full; who is coming
 * back; how many.
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
import { weighted } from "./filters/weighted.ts";
import { type Candidate, explained, type Filter, type Steering, type World } from "./steering.ts";

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

/** None of these hangs on the client: they are run once for each world. */
const OFFERED: readonly Filter[] = [drained, up, cutOff];
const ORDERING: readonly Filter[] = [overridden, nearest, weighted];
const CHOOSING: readonly Filter[] = [behindOffered, quickest, shedLoad, ramp];

const NOT_SEEN = { state: "up", why: "not looked at yet", settled: false, share: 1, shed: 0 } as const;
const NOBODY: Client = {};

/** What stands before a client is known. A world that is asked again and again is asked with the same object. */
const begun = new WeakMap<World, Steering>();
function beginning(world: World): Steering {
  const known = begun.get(world);
  if (known !== undefined) return known;
  const candidates = world.regions.map((region) => ({ region, health: world.health.get(region.name) ?? NOT_SEEN }));
  let steering: Steering = { candidates, named: 0, near: undefined, scope: 0, by: "configuration", reason: undefined };
  for (const filter of OFFERED) steering = filter(steering, NOBODY, world);
  begun.set(world, steering);
  return steering;
}

const isUnsettled = ({ health: { state, settled, share, shed } }: Candidate): boolean =>
  state !== "up" || !settled || share < 1 || shed > 0;

/** An order of regions, as decided; the words for people are made on demand. */
export interface Decision {
  readonly steering: Steering;
  readonly scope: number;
  readonly ttl: number;
}

/** Pure: the same question has the same answer. */
export function decide(world: World, client: Client): Decision {
  let steering = beginning(world);
  for (const filter of ORDERING) steering = filter(steering, client, world);
  const [first, second] = steering.candidates;
  const unsettled = (first !== undefined && isUnsettled(first)) || (second !== undefined && isUnsettled(second));
  for (const filter of CHOOSING) steering = filter(steering, client, world);
  return { steering, scope: steering.scope, ttl: unsettled ? TTL_UNSETTLED : TTL_REST };
}

export interface Ask {
  readonly world: World;
  readonly client: Client;
  /** At most so many regions in the answer; all when absent. */
  readonly first?: number;
}

/** The same, in words. */
export const rankRegions = ({ world, client, first }: Ask): Ranking => inWords(decide(world, client), first);

/** A decision for people: `first` regions of it at most. */
export function inWords({ steering, scope, ttl }: Decision, first?: number): Ranking {
  const anyOffered = steering.candidates.some(({ refused }) => refused === undefined);
  const items = steering.candidates.slice(0, first).map((candidate, place): RankedRegion => {
    const { region, health, refused } = candidate;
    const { name, url } = region;
    if (refused !== undefined) {
      const why = anyOffered ? refused.why : `${refused.why}; no region is up, so all are offered`;
      return { name, url, state: refused.state, why, share: 0 };
    }
    const why = explained(candidate, steering.reason);
    return { name, url, state: "up", why: place === 0 ? `first: ${why}` : `number ${place + 1}: ${why}`, share: health.share };
  });
  return { items, scope, ttl };
}
