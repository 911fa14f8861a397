/** kill -9 of one process at a time, at seeded moments counted in acknowledged writes; the supervisor brings each of them back. */
import { type Random, randomOf } from "../simulation/random.ts";
import { KINDS, type Kind, type MeshUnderTest, until } from "./atoll.ts";
import type { Traffic } from "./traffic.ts";

export interface KillingOptions {
  readonly mesh: MeshUnderTest;
  readonly traffic: Traffic;
  readonly seed: number;
  /** Of each kind of process. */
  readonly each: number;
  /** A line for whoever watches. */
  readonly tell: (line: string) => void;
}

const BACK_MS = 30_000;

/** Resolves with how long the slowest return took, from the kill to a region that is ready again. */
export async function killAll({ mesh, traffic, seed, each, tell }: KillingOptions): Promise<number> {
  const random = randomOf(seed);
  const regions = mesh.regions();
  const victims = shuffled(
    random,
    KINDS.flatMap((kind) => Array.from({ length: each }, (_, i) => ({ kind, region: regions[i % regions.length] ?? "" }))),
  );
  let slowestMs = 0;
  for (const [i, { kind, region }] of victims.entries()) {
    const mark = traffic.acked() + 10 + random.below(80);
    await until("some writes are acknowledged", () => traffic.acked() >= mark);
    const killedMs = performance.now();
    await kill(mesh, region, kind);
    // Every third kill does not wait for the region: the next one may meet it while it comes back.
    if (random.chance(0.33)) continue;
    await until(`${region} is ready after its ${kind} was killed`, () => mesh.ready(region), BACK_MS);
    slowestMs = Math.max(slowestMs, performance.now() - killedMs);
    tell(`${i + 1} of ${victims.length}: ${region}'s ${kind} was back after ${Math.round(performance.now() - killedMs)} ms`);
  }
  return slowestMs;
}

/** Resolves when the supervisor has started it again. */
async function kill(mesh: MeshUnderTest, region: string, kind: Kind): Promise<void> {
  let pid: number | undefined;
  await until(`${region}'s ${kind} runs`, () => (pid = mesh.pid(region, kind)) !== undefined, BACK_MS);
  process.kill(pid ?? 0, "SIGKILL");
  await until(`${region}'s ${kind} is started again`, () => ![undefined, pid].includes(mesh.pid(region, kind)), BACK_MS);
}

function shuffled<T>(random: Random, items: readonly T[]): readonly T[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0]!);
}
