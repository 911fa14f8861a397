/** How far two places on the earth are apart. */
export interface Spot {
  readonly latitude: number;
  readonly longitude: number;
}

const RADIAN = Math.PI / 180;
const RADIUS_KM = 6_371;

/** From the middle of the earth to the spot, of length one. */
export function directionOf({ latitude, longitude }: Spot): Float64Array {
  const level = Math.cos(latitude * RADIAN);
  return Float64Array.of(level * Math.cos(longitude * RADIAN), level * Math.sin(longitude * RADIAN), Math.sin(latitude * RADIAN));
}

/** 1 = the same spot, -1 = the other side of the earth; the nearer, the greater. */
export const alongside = (a: Float64Array, b: Float64Array): number => a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;

/** Great circle, km, of what `alongside` gave. */
export const kilometresOf = (nearness: number): number => RADIUS_KM * Math.acos(Math.min(1, Math.max(-1, nearness)));

export const kilometres = (a: Spot, b: Spot): number => kilometresOf(alongside(directionOf(a), directionOf(b)));

/** Light in glass takes this long there and back, at least: a round trip that claims less was not measured. */
export const leastRoundTripMs = (km: number): number => km / 100;
