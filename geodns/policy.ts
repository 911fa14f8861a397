/**
 * Which region a client should go to: a list of small filters, each putting some candidates behind the others and saying why, after NS1's
 * filter chains. Overrides, measured latency, distance and the ramp of a region that returns are further filters in this list.
 *
 * There is always an answer: when no region is to be offered, the answer is as if all were, for a client that is sent somewhere may get through.
 */
import type { RankedRegion } from "../core/objects.ts";
import type { GeoRegion, HealthView, RegionHealth } from "./region.ts";

/** The part of a client's address that is known: all bits, or the network a resolver gave. */
export interface Client {
  readonly ip?: string;
}
export interface Candidate {
  readonly region: GeoRegion;
  readonly health: RegionHealth;
  /** Why it is not offered; absent while it is. */
  readonly refused?: { readonly state: string; readonly why: string };
}
export interface Steering {
  readonly candidates: readonly Candidate[];
  /** How many bits of the client's address the answer hangs on, so far (RFC 7871). */
  readonly scope: number;
}
export type Filter = (steering: Steering, client: Client) => Steering;

export interface Ranking {
  readonly items: readonly RankedRegion[];
  readonly scope: number;
  readonly ttl: number;
}

/** Seconds an answer may be kept: at rest, and while one of the client's first two regions may be about to change. */
export const TTL_REST = 30;
export const TTL_UNSETTLED = 5;

const NOT_SEEN: RegionHealth = { state: "up", why: "not looked at yet", settled: false };

const refusing =
  (refused: (candidate: Candidate) => Candidate["refused"]): Filter =>
  (steering) => ({
    ...steering,
    candidates: steering.candidates.map((candidate) => {
      const why = candidate.refused ?? refused(candidate);
      return why ? { ...candidate, refused: why } : candidate;
    }),
  });

const drained = refusing(({ region, health: { state, why } }) => {
  if (region.drained) return { state: "drained", why: "drained by the operator" };
  return state === "draining" ? { state, why } : undefined;
});
const up = refusing(({ health: { state, why } }) => (state === "down" || state === "unready" ? { state, why } : undefined));
const clockSane = refusing(({ health: { state, why } }) => (state === "clock" ? { state, why } : undefined));

/** Who is offered first, each in the order of the configuration. It hangs on no bit of the address. */
const configuredOrder: Filter = (steering) => ({
  ...steering,
  candidates: [...steering.candidates.filter(({ refused }) => !refused), ...steering.candidates.filter(({ refused }) => refused)],
});

const FILTERS: readonly Filter[] = [drained, up, clockSane, configuredOrder];

const started = (regions: readonly GeoRegion[], health: HealthView): Steering => ({
  candidates: regions.map((region) => ({ region, health: health.get(region.name) ?? NOT_SEEN })),
  scope: 0,
});

const ranked = ({ region: { name, url }, refused }: Candidate, place: number, anyOffered: boolean): RankedRegion => {
  if (!refused)
    return {
      name,
      url,
      state: "up",
      why: place === 0 ? "first in the configured order of those up" : `number ${place + 1} in the configured order of those up`,
    };
  return {
    name,
    url,
    state: refused.state,
    why: anyOffered ? refused.why : `${refused.why}; no region is up, so all are offered in their configured order`,
  };
};

export function rankRegions(ask: {
  readonly client: Client;
  readonly regions: readonly GeoRegion[];
  readonly health: HealthView;
}): Ranking {
  const begin = started(ask.regions, ask.health);
  const { candidates, scope } = FILTERS.reduce((steering, filter) => filter(steering, ask.client), begin);
  const anyOffered = candidates.some(({ refused }) => !refused);
  const unsettled = begin.candidates.slice(0, 2).some(({ health }) => health.state !== "up" || !health.settled);
  return {
    items: candidates.map((candidate, place) => ranked(candidate, place, anyOffered)),
    scope,
    ttl: unsettled ? TTL_UNSETTLED : TTL_REST,
  };
}
