/** What GeoDNS knows of a region: where it is, as configured, and how it does, as seen. */
export interface GeoRegion {
  readonly name: string;
  readonly url: string;
  /** Taken out by the operator: offered to nobody while another region is. */
  readonly drained?: boolean;
}

/**
 * up: answers ready. unready: answers that it is not. draining, clock: says so itself. down: does not answer.
 */
export type RegionState = "up" | "draining" | "clock" | "unready" | "down";
export interface RegionHealth {
  readonly state: RegionState;
  /** For people: what was seen, without the state's name. */
  readonly why: string;
  /** False while what was last seen speaks against the state: it may change with the next looks. */
  readonly settled: boolean;
}
/** By region name. Who is absent was not yet looked at and counts as up. */
export type HealthView = ReadonlyMap<string, RegionHealth>;
