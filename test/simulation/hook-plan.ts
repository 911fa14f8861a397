/** What becomes of webhooks in some simulations: who makes and changes them, and how their receivers fare. Drawn beside the rest of the plan, whose draws it does not move. */
import type { Random } from "./random.ts";
import { randomOf } from "./random.ts";

export const HOOK_KINDS = ["hook", "hook-filtered", "hook-url", "hook-rotate", "hook-off", "hook-on", "hook-remove"] as const;
export type HookKind = (typeof HOOK_KINDS)[number];
/** Later changes. */
const CHANGES: readonly HookKind[] = ["hook", "hook-url", "hook-url", "hook-rotate", "hook-off", "hook-on", "hook-on", "hook-remove"];

export interface HookStep {
  readonly atMs: number;
  readonly kind: HookKind;
  readonly user: number;
  readonly dice: readonly [number, number, number];
}

/** How all receivers fare for a while. */
export interface Mood {
  readonly fromMs: number;
  readonly toMs: number;
  readonly kind: "failing" | "hanging" | "gone" | "slow";
}

export interface HookPlan {
  readonly steps: readonly HookStep[];
  readonly moods: readonly Mood[];
  /** Whoever starts again has failed for hours: one failure more is the fiftieth. */
  readonly worn: boolean;
  /** A process dies with requests under way: when, and in which region by its index. */
  readonly crash: { readonly atMs: number; readonly region: number };
}

const MOODS: readonly Mood["kind"][] = ["failing", "failing", "failing", "hanging", "gone", "slow"];

/** One seed in nine: they cost a third more. */
export const HOOK_SEEDS = { first: 3, every: 9 } as const;
export const hasHooks = (seed: number): boolean => seed % HOOK_SEEDS.every === HOOK_SEEDS.first;

export function hookPlanOf(
  seed: number,
  { users, regions }: { readonly users: number; readonly regions: number },
  fromMs: number,
  lengthMs: number,
): HookPlan {
  const random = randomOf(seed).fork(77);
  const dice = (): HookStep["dice"] => [random.next(), random.next(), random.next()];
  // The founder and the moderators of the first channel may do it; what others ask is refused.
  const made = (kind: HookKind, atMs: number, most: number): HookStep => ({ atMs, kind, user: random.below(most), dice: dice() });
  const first = [made("hook", fromMs - 900, Math.min(3, users)), made("hook-filtered", fromMs - 850, Math.min(3, users))];
  const later = Array.from({ length: random.below(4) }, () =>
    made(random.pick(CHANGES), Math.round(fromMs + random.next() * lengthMs), users),
  );
  const crash = { atMs: Math.round(fromMs + random.next() * lengthMs), region: random.below(regions) };
  return { steps: [...first, ...later], moods: moods(random, fromMs, lengthMs), worn: random.chance(0.3), crash };
}

function moods(random: Random, fromMs: number, lengthMs: number): readonly Mood[] {
  const slow: readonly Mood[] = random.chance(0.3) ? [{ fromMs, toMs: fromMs + lengthMs, kind: "slow" }] : [];
  const some = Array.from({ length: random.below(3) }, (): Mood => {
    const beganMs = fromMs + random.next() * lengthMs * 0.8;
    return { fromMs: beganMs, toMs: beganMs + random.between(300, 4_000), kind: random.pick(MOODS) };
  });
  return [...some, ...slow];
}
