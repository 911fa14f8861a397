/** What metrics show of steering, taken from an observer when somebody asks. */
import type { SteeringFacts } from "../../gateway/steering-metrics.ts";
import type { DecisionCounts } from "../../geodns/decision-counts.ts";
import type { Observer } from "./observer.ts";

export const steeringFacts = (observer: Observer, decisions: DecisionCounts): SteeringFacts => ({
  decisions: () => decisions.all(),
  standings: () =>
    observer.world().regions.flatMap(({ name: target }) => {
      const standing = observer.standings().get(target);
      if (standing === undefined) return [];
      const { state, share, shed } = standing.health;
      return [{ target, state, share, shed }];
    }),
  sights: () => observer.sights(),
});
