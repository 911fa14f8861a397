/** Makes a failing schedule small: drops faults and steps, greedily, as long as it still breaks the same law. */
import type { Plan } from "./plan.ts";
import type { Outcome } from "./simulate.ts";
import { simulatePlan } from "./simulate.ts";

export interface Shrunk {
  readonly plan: Plan;
  readonly outcome: Outcome;
}

export async function shrink(plan: Plan, outcome: Outcome, tries = 300): Promise<Shrunk> {
  let best: Shrunk = { plan, outcome };
  let left = tries;
  const attempt = async (smaller: Plan): Promise<boolean> => {
    if (left <= 0) return false;
    left -= 1;
    const found = await simulatePlan(smaller);
    if (found.law !== outcome.law) return false;
    best = { plan: smaller, outcome: found };
    return true;
  };
  for (const part of ["faults", "steps"] as const)
    for (let size = Math.ceil(best.plan[part].length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
      for (let at = 0; at < best.plan[part].length; ) {
        const items = best.plan[part];
        const fewer = { ...best.plan, [part]: [...items.slice(0, at), ...items.slice(at + size)] };
        if (!(await attempt(fewer))) at += size;
      }
  return best;
}

/** The shrunk schedule as people read it. */
export function describePlan({ seed, regions, skewsMs, faults, steps }: Plan): string {
  const skews = regions.map((region, index) => `${region} ${skewsMs[index]} ms`).join(", ");
  const broken = faults.map(({ atMs, kind, a, b, lengthMs }) => `  ${atMs} ms ${kind} ${regions[a]} ${regions[b]} for ${lengthMs} ms`);
  const done = steps.map(({ atMs, kind, user }) => `  ${atMs} ms u${user} ${kind}`);
  return [`seed ${seed}; clocks off by: ${skews}`, "faults:", ...broken, "steps:", ...done].join("\n");
}
