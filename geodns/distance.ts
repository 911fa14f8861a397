/** How far two places on the earth are apart. */
export interface Spot {
  readonly latitude: number;
  readonly longitude: number;
}

const RADIAN = Math.PI / 180;
const DIAMETER_KM = 12_742;

/** Great circle, km (haversine). */
export function kilometres(a: Spot, b: Spot): number {
  const half = Math.sin(((b.latitude - a.latitude) * RADIAN) / 2);
  const turn = Math.sin(((b.longitude - a.longitude) * RADIAN) / 2);
  const chord = half * half + Math.cos(a.latitude * RADIAN) * Math.cos(b.latitude * RADIAN) * turn * turn;
  return DIAMETER_KM * Math.asin(Math.min(1, Math.sqrt(chord)));
}

/** Light in glass takes this long there and back, at least: a round trip that claims less was not measured. */
export const leastRoundTripMs = (km: number): number => km / 100;
