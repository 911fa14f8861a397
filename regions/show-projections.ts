/** How far the stores that follow have come, as numbers. */
import type { Metrics } from "../gateway/metrics.ts";
import type { ProjectionFacts } from "../reconciliation/projection-facts.ts";

const STATES = ["live", "slow", "behind", "unreachable"] as const;

export function showProjections(metrics: Metrics, facts: readonly ProjectionFacts[]): void {
  for (const { name, state, waiting, ageMs } of facts) {
    for (const one of STATES) metrics.projectionState.set({ store: name, state: one }, one === state ? 1 : 0);
    metrics.projectionLagChanges.set({ store: name }, waiting);
    metrics.projectionLagSeconds.set({ store: name }, ageMs / 1_000);
  }
}
