/**
 * What may become of the list while regions run: regions are added, retired, taken back; where they are and how they are reached may change.
 * A name is for ever: it stands in every stamp, position and stream, so a region that is renamed or taken out of the list is refused.
 */
import type { Topology, TopologyRegion } from "./topology.ts";

export interface TopologyChange {
  /** Names. `added`: new, or no longer retired. */
  readonly added: readonly string[];
  readonly retired: readonly string[];
}

/** Where a region is found; what a renamed one still has in common with its old self. */
const sameSite = (a: TopologyRegion, b: TopologyRegion): boolean => a.url === b.url || a.ws === b.ws;

/** Names that have vanished, each with what mends it. */
export function vanished(known: readonly (string | TopologyRegion)[], now: Topology): readonly string[] {
  const names = new Set(now.regions.map(({ name }) => name));
  const strangers = now.regions.filter((region) => !known.some((one) => (typeof one === "string" ? one : one.name) === region.name));
  return known.flatMap((one) => {
    const name = typeof one === "string" ? one : one.name;
    if (names.has(name)) return [];
    const heir = typeof one === "string" ? undefined : strangers.find((region) => sameSite(one, region));
    if (heir !== undefined)
      return [`region ${name} is called ${heir.name} now: a name is for ever; write "name": "${name}", "displayName": "${heir.name}"`];
    return [
      `region ${name} is gone from the list, but the mesh has its history: put it back, with "retired": true if it is removed for good`,
    ];
  });
}

export function changeBetween(before: Topology, now: Topology): TopologyChange {
  const there = (topology: Topology): ReadonlySet<string> =>
    new Set(topology.regions.filter(({ retired }) => !retired).map(({ name }) => name));
  const [were, are] = [there(before), there(now)];
  return { added: [...are].filter((name) => !were.has(name)), retired: [...were].filter((name) => !are.has(name)) };
}
