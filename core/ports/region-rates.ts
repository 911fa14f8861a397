/**
 * How much users have asked of a whole region, over all its gateways. Late by design: a gateway decides by its own count at once (P1: nothing
 * waits) and learns from this one for how long it is to refuse a user who spreads over several gateways.
 */
export type RateKind = "command" | "read";

/** What a region's gateways have counted together. */
export interface RegionRates {
  /**
   * Adds what the user has asked for since the last time. Resolves with for how many milliseconds they are to be refused; 0 = not at all.
   * Never rejects: where the region's count is out of reach, what this gateway alone has counted decides.
   */
  spend(kind: RateKind, user: string, points: number): Promise<number>;
  close(): Promise<void>;
}
/** Points that a user may spend, by kind, within `windowMs`. */
export interface RateAllowance {
  readonly windowMs: number;
  readonly points: Readonly<Record<RateKind, number>>;
}
