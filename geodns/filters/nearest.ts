/** The nearest region first, where the client's place is known and the regions' are; else the configured order. */
import type { Place } from "../client.ts";
import { kilometres, type Spot } from "../distance.ts";
import type { GeoRegion } from "../region.ts";
import type { Candidate, Filter } from "../steering.ts";

const spotOf = ({ latitude, longitude }: GeoRegion | Place): Spot | undefined =>
  latitude === undefined || longitude === undefined ? undefined : { latitude, longitude };

export const nearest: Filter = (steering, { place }) => {
  if (place === undefined) return steering;
  const scope = Math.max(steering.scope, place.bits);
  const here = spotOf(place);
  if (here === undefined) return { ...steering, scope };
  const named = steering.candidates.filter((candidate) => candidate.named === true);
  const away = steering.candidates
    .filter((candidate) => candidate.named !== true)
    .map((candidate) => {
      const there = spotOf(candidate.region);
      return { candidate, km: there === undefined ? Number.POSITIVE_INFINITY : kilometres(here, there) };
    })
    .sort((a, b) => (a.km === b.km ? 0 : a.km - b.km));
  return { candidates: [...named, ...away.map(({ candidate, km }): Candidate => ({ ...candidate, why: wordsOf(km) }))], scope };
};

const wordsOf = (km: number): string => (Number.isFinite(km) ? `by distance, ${Math.round(km)} km` : "its place is not configured");
