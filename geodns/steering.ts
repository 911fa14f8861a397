/** What the filters of the policy work on. */
import type { Client } from "./client.ts";
import type { MeasuredTable } from "./measured.ts";
import type { OverrideTable } from "./overrides.ts";
import type { GeoRegion, HealthView, RegionHealth } from "./region.ts";

export interface Candidate {
  readonly region: GeoRegion;
  readonly health: RegionHealth;
  /** Why it is not offered; absent while it is. */
  readonly refused?: { readonly state: string; readonly why: string };
}
/** Why candidates stand where they stand. Put into words only when somebody asks: a name server decides tens of thousands of times a second. */
export interface Reason {
  /** Undefined: not this candidate's reason. `before`: what was its reason until then. */
  readonly say: (candidate: Candidate, before: () => string) => string | undefined;
  readonly before: Reason | undefined;
}
/** What decided which region stands first, as metrics count it. `health`: those that would have stood before it are not offered. */
const DECIDED_BY = ["configuration", "override", "distance", "weight", "health", "measurement", "load", "ramp"] as const;
export type DecidedBy = (typeof DECIDED_BY)[number];
export interface Steering {
  /** First is best. */
  readonly candidates: readonly Candidate[];
  /** So many at the head were named by the operator for this client: nearness and measurements do not move them. */
  readonly named: number;
  /** How near each candidate is to the client, as `alongside` gives it, in the order in which `nearest` left them; undefined while no place is known. */
  readonly near: readonly number[] | undefined;
  /** How many bits of the client's address the answer hangs on, so far. */
  readonly scope: number;
  readonly by: DecidedBy;
  readonly reason: Reason | undefined;
}
/** All that the policy knows beside the client. */
export interface World {
  /** In the configured order. */
  readonly regions: readonly GeoRegion[];
  readonly health: HealthView;
  readonly overrides?: OverrideTable;
  readonly measured?: MeasuredTable;
  /** Regions that are equally near keep the configured order instead of sharing their clients by weight. */
  readonly unshared?: boolean;
}
/** Gives back what it was given when it changes nothing. */
export type Filter = (steering: Steering, client: Client, world: World) => Steering;

export const because = (before: Reason | undefined, say: Reason["say"]): Reason => ({ say, before });
export const explained = (candidate: Candidate, reason: Reason | undefined): string => {
  if (reason === undefined) return "by configuration";
  const before = (): string => explained(candidate, reason.before);
  return reason.say(candidate, before) ?? before();
};
export const reaching = (steering: Steering, bits: number): Steering => (bits > steering.scope ? { ...steering, scope: bits } : steering);
