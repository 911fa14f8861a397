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
  /** The operator named it for this client: nearness and measurements do not move it. */
  readonly named?: boolean;
  /** Why it stands where it stands, for people. */
  readonly why?: string;
}
export interface Steering {
  /** First is best. */
  readonly candidates: readonly Candidate[];
  /** How many bits of the client's address the answer hangs on, so far. */
  readonly scope: number;
}
/** All that the policy knows beside the client. */
export interface World {
  /** In the configured order. */
  readonly regions: readonly GeoRegion[];
  readonly health: HealthView;
  readonly overrides?: OverrideTable;
  readonly measured?: MeasuredTable;
}
export type Filter = (steering: Steering, client: Client, world: World) => Steering;
