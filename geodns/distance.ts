/** How far two places on the earth are apart. */
export interface Spot {
  readonly latitude: number;
  readonly longitude: number;
}

const RADIAN = Math.PI / 180;
const RADIUS_KM = 6_371;

/** From the middle of the earth to the spot, of length one. */
export interface Direction {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}
export function directionOf({ latitude, longitude }: Spot): Direction {
  const level = Math.cos(latitude * RADIAN);
  return { x: level * Math.cos(longitude * RADIAN), y: level * Math.sin(longitude * RADIAN), z: Math.sin(latitude * RADIAN) };
}

/** 1 = the same spot, -1 = the other side of the earth; the nearer, the greater. */
export const alongside = (a: Direction, b: Direction): number => a.x * b.x + a.y * b.y + a.z * b.z;

/** The ways to two spots whose `alongside` differs by more than this differ by more than so many km: a cosine changes by no more than its angle. */
export const surelyApart = (km: number): number => km / RADIUS_KM;

/** Great circle, km, of what `alongside` gave. */
export const kilometresOf = (nearness: number): number => RADIUS_KM * Math.acos(Math.min(1, Math.max(-1, nearness)));

export const kilometres = (a: Spot, b: Spot): number => kilometresOf(alongside(directionOf(a), directionOf(b)));

/** Light in glass takes this long there and back, at least: a round trip that claims less was not measured. */
export const leastRoundTripMs = (km: number): number => km / 100;
