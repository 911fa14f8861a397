/** From a seed to what happens when: faults that overlap, the last one over before the end. */
import { type Random, randomOf } from "../simulation/random.ts";
import { FAULTS, type FaultName } from "./faults.ts";

export interface Planned {
  readonly atMs: number;
  readonly fault: FaultName;
  readonly regions: readonly string[];
  readonly lengthMs: number;
}

const LINKS: ReadonlySet<FaultName> = new Set<FaultName>(["cut", "pair", "flap"]);
/** What the mesh itself is told to do to a region: nothing else may bring it back meanwhile. */
const ORDERED: ReadonlySet<FaultName> = new Set<FaultName>(["killRegion", "loseStore"]);
/** Names of faults as often as they are to be drawn. */
const DRAWN = (Object.keys(FAULTS) as FaultName[]).flatMap((name) => (LINKS.has(name) ? [name, name] : [name]));
const PAUSE_MS = { from: 300, to: 4_000 };
const LENGTH_MS = { from: 500, to: 9_000 };
/** For as long after its own length a struck process may still be coming back. */
const BACK_MS = 3_000;

export function scheduleOf(seed: number, regions: readonly string[], seconds: number): readonly Planned[] {
  const random = randomOf(seed).fork(1);
  const planned: Planned[] = [];
  for (let atMs = 0; ; atMs += random.between(PAUSE_MS.from, PAUSE_MS.to)) {
    const one = draw(random, regions, atMs);
    if (one.atMs + one.lengthMs > seconds * 1_000) return planned;
    if (!planned.some((other) => collide(one, other))) planned.push(one);
  }
}

function draw(random: Random, regions: readonly string[], atMs: number): Planned {
  const fault = random.pick(DRAWN);
  const struck = random.pick(regions);
  const other = random.pick(regions.filter((name) => name !== struck));
  return { atMs, fault, regions: [struck, other], lengthMs: random.between(LENGTH_MS.from, LENGTH_MS.to) };
}

/** Links are struck one after another, as what heals one would else heal the other's too; processes of a region also while they come back. */
function collide(one: Planned, other: Planned): boolean {
  if (other.atMs + other.lengthMs + BACK_MS <= one.atMs) return false;
  if (LINKS.has(one.fault) !== LINKS.has(other.fault)) return false;
  return LINKS.has(one.fault) || (one.regions[0] === other.regions[0] && (ORDERED.has(one.fault) || ORDERED.has(other.fault)));
}
