/** The nearest region first, where the client's place is known and the regions' are; else the configured order. */
import type { Place } from "../client.ts";
import { alongside, type Direction, directionOf, kilometresOf, type Spot } from "../distance.ts";
import type { GeoRegion } from "../region.ts";
import { because, type Candidate, type Filter, reaching } from "../steering.ts";

export const spotOf = ({ latitude, longitude }: GeoRegion | Place): Spot | undefined =>
  latitude === undefined || longitude === undefined ? undefined : { latitude, longitude };

/** Regions do not move: their directions are worked out once. */
const directions = new WeakMap<GeoRegion, Direction | null>();
function directionTo(region: GeoRegion): Direction | null {
  let direction = directions.get(region);
  if (direction === undefined) {
    const spot = spotOf(region);
    direction = spot === undefined ? null : directionOf(spot);
    directions.set(region, direction);
  }
  return direction;
}
const UNKNOWN = -2;
/** From a place to each region, as `alongside` gives it; where the region's own place is not configured, farther than anything. */
function nearnessFrom(here: GeoRegion | Place): ((candidate: Candidate) => number) | undefined {
  const spot = spotOf(here);
  if (spot === undefined) return undefined;
  const from = directionOf(spot);
  return ({ region }) => {
    const to = directionTo(region);
    return to === null ? UNKNOWN : alongside(from, to);
  };
}

export const nearest: Filter = (steering, { place }) => {
  if (place === undefined) return steering;
  const reached = reaching(steering, place.bits);
  const nearness = nearnessFrom(place);
  if (nearness === undefined) return reached;
  const candidates = reached.candidates.slice();
  const near = candidates.map(nearness);
  // By insertion: regions are few, and those equally near keep their order.
  for (let i = reached.named + 1; i < candidates.length; i += 1)
    for (let j = i; j > reached.named && near[j]! > near[j - 1]!; j -= 1) {
      [near[j], near[j - 1]] = [near[j - 1]!, near[j]!];
      [candidates[j], candidates[j - 1]] = [candidates[j - 1]!, candidates[j]!];
    }
  const pinned = candidates.slice(0, reached.named);
  const reason = because(reached.reason, (candidate) => {
    if (pinned.includes(candidate)) return undefined;
    const found = nearness(candidate);
    return found === UNKNOWN ? "its place is not configured" : `by distance, ${Math.round(kilometresOf(found))} km`;
  });
  return { ...reached, candidates, near, by: reached.named > 0 ? reached.by : "distance", reason };
};
