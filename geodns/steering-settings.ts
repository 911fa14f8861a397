/** How quickly GeoDNS and the gateways' ranked lists follow what they see. One set for the whole mesh, in the one list of regions, so that all answer alike. */
export interface SteeringSettings {
  /** Between two looks at a region's `/readyz`. Three in a row that agree change its state. */
  readonly everyMs: number;
  /** A look that is not answered by then found nobody. */
  readonly timeoutMs: number;
  /** How long a region that returns takes from a tenth of its clients to all of them. */
  readonly rampMs: number;
  /** A region that is cut off from its peers, or reached by few, keeps its users for this long (T7: most paths are back in 5 minutes). */
  readonly redirectAfterMs: number;
}

export const STEERING: SteeringSettings = { everyMs: 2_000, timeoutMs: 1_000, rampMs: 600_000, redirectAfterMs: 300_000 };
