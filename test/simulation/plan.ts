/** The schedule of one simulation: what people do, and what breaks, drawn from the seed before anything runs, so that it can be shrunk. */
import { type HookPlan, hasHooks, hookPlanOf } from "./hook-plan.ts";
import type { Random } from "./random.ts";
import { randomOf } from "./random.ts";

const STEP_KINDS = {
  send: 26,
  edit: 18,
  "edit-stale": 7,
  delete: 6,
  react: 6,
  unreact: 3,
  topic: 5,
  name: 2,
  add: 4,
  remove: 4,
  role: 3,
  read: 3,
  see: 2,
  restore: 4,
  create: 2,
  profile: 2,
  duel: 8,
  move: 6,
  away: 7,
} as const;
/** `type`: somebody writes in a document. */
export type StepKind = keyof typeof STEP_KINDS | "type";

/** Somebody does something. `dice` in [0, 1) choose among what there is when it happens. */
export interface Step {
  readonly atMs: number;
  readonly kind: StepKind;
  readonly user: number;
  readonly dice: readonly [number, number, number];
}

const FAULT_KINDS = {
  "cut-off": 10,
  pair: 6,
  "one-way": 5,
  swizzle: 3,
  flap: 3,
  "cut-again": 5,
  slow: 3,
  jam: 3,
  noise: 5,
  crash: 8,
  power: 6,
  pause: 5,
  clock: 5,
  "log-full": 3,
  "store-full": 4,
  "slow-disk": 3,
  "lost-answers": 4,
  "killed-writing": 3,
  "dies-again": 4,
  "store-lost": 3,
} as const;
/** `log-lost`: a log goes with its disk, or its end (LOSS_SEEDS). */
export type FaultKind = keyof typeof FAULT_KINDS | "log-lost";

export interface Fault {
  readonly atMs: number;
  readonly kind: FaultKind;
  /** Indices of regions: who is hit, and the other end of a link. */
  readonly a: number;
  readonly b: number;
  readonly lengthMs: number;
  readonly dice: readonly [number, number];
}

export interface Joining {
  /** When it starts for the first time. */
  readonly atMs: number;
  /** How much later each of the others hears of it, ms. */
  readonly toldMs: readonly number[];
}

export interface Plan {
  readonly seed: number;
  readonly regions: readonly string[];
  readonly users: number;
  /** ms each region's wall clock is off at the first boot. */
  readonly skewsMs: readonly number[];
  readonly steps: readonly Step[];
  readonly faults: readonly Fault[];
  /** A region that is added while the mesh runs: the last of `regions`. */
  readonly joins: Joining | undefined;
  /** Where logs are lost with their disks, or the end of them: the log servers are such as answer before a message is safe (`tail`). */
  readonly loses: "log" | "tail" | undefined;
  /** Where there are webhooks. */
  readonly hooks: HookPlan | undefined;
  /** When the last fault ends and the quiet begins. */
  readonly endMs: number;
}

/** Faults begin after the mesh has met and the first channel is everywhere. */
const CALM_MS = 2_500;
const WINDOW_MS = 11_000;

/** Seeds whose window lasts minutes, with cuts and deaths as long: what waits, backs off or is forgotten after a while is seen in them. */
const LONG_SEEDS = { first: 9, every: 64 } as const;

export function planOf(seed: number): Plan {
  const plan = shortPlanOf(seed);
  return seed % LONG_SEEDS.every === LONG_SEEDS.first ? stretched(plan, randomOf(seed).fork(2).between(4, 16)) : plan;
}

/** The same in another measure of time; `killed-writing` and `dies-again` are a matter of moments in any. */
function stretched(plan: Plan, times: number): Plan {
  const later = (atMs: number): number => CALM_MS + (atMs - CALM_MS) * times;
  const at = <T extends { readonly atMs: number }>(one: T): T => ({ ...one, atMs: Math.round(later(one.atMs)) });
  const { hooks } = plan;
  return {
    ...plan,
    steps: plan.steps.map(at),
    joins: plan.joins && { ...at(plan.joins), toldMs: plan.joins.toldMs },
    faults: plan.faults.map((fault) => ({ ...at(fault), lengthMs: Math.round(fault.lengthMs * times) })),
    hooks: hooks && {
      ...hooks,
      steps: hooks.steps.map(at),
      moods: hooks.moods.map((mood) => ({ ...mood, fromMs: later(mood.fromMs), toMs: later(mood.toMs) })),
      crash: at(hooks.crash),
    },
    endMs: later(plan.endMs),
  };
}

/** Seeds in which log servers lose what they had answered for. A store is lost in none of them: what is lost twice is lost. */
export const LOSS_SEEDS = { first: 21, every: 32 } as const;

function lossesOf(seed: number, regions: number): readonly Fault[] {
  const random = randomOf(seed).fork(4);
  return Array.from({ length: 1 + random.below(3) }, (): Fault => {
    const a = random.below(regions);
    const atMs = Math.round(CALM_MS + random.next() * (WINDOW_MS - 3_000));
    return { atMs, kind: "log-lost", a, b: a, lengthMs: Math.round(random.between(200, 4_000)), dice: [random.next(), random.next()] };
  });
}

/** Seeds in which a region is added while the mesh runs. */
const JOIN_SEEDS = { first: 5, every: 32 } as const;

function joiningOf(seed: number, others: number): Joining | undefined {
  if (seed % JOIN_SEEDS.every !== JOIN_SEEDS.first) return undefined;
  const random = randomOf(seed).fork(3);
  return { atMs: CALM_MS + random.next() * (WINDOW_MS - 4_000), toldMs: Array.from({ length: others }, () => random.between(0, 2_000)) };
}

function shortPlanOf(seed: number): Plan {
  const random = randomOf(seed);
  const first = random.chance(0.2) ? ["us", "eu"] : ["us", "eu", "ap"];
  const joins = joiningOf(seed, first.length);
  const regions = joins === undefined ? first : [...first, "sa"];
  const users = 3 + random.below(3);
  const skewsMs = skews(random, regions.length);
  const hooks = hasHooks(seed) ? hookPlanOf(seed, { users, regions: regions.length }, CALM_MS, WINDOW_MS - 3_000) : undefined;
  const loses =
    seed % LOSS_SEEDS.every !== LOSS_SEEDS.first ? undefined : seed % (2 * LOSS_SEEDS.every) === LOSS_SEEDS.first ? "log" : "tail";
  const drawn = faults(random, regions.length);
  const losses = loses && [...drawn.filter(({ kind }) => kind !== "store-lost"), ...lossesOf(seed, regions.length)];
  const broken = [...(losses ?? drawn), ...(hooks === undefined ? [] : [death(hooks.crash)])].sort((a, b) => a.atMs - b.atMs);
  return {
    seed,
    regions,
    users,
    skewsMs,
    faults: broken,
    steps: [...steps(random, users), ...lastWords(random, broken), ...typing(seed, random.fork(1), users)].sort((a, b) => a.atMs - b.atMs),
    joins,
    loses,
    hooks,
    endMs: CALM_MS + WINDOW_MS,
  };
}

function skews(random: Random, regions: number): readonly number[] {
  const mood = random.next();
  return Array.from({ length: regions }, (_, index) => {
    if (mood < 0.55) return 0;
    if (mood < 0.85) return Math.round(random.between(-400, 400));
    if (mood < 0.93) return random.pick([-10_000, -2_000, 2_000, 10_000]);
    return index === 0 ? random.pick([3_600_000, 60_000, -3_600_000]) : 0;
  });
}

function steps(random: Random, users: number): readonly Step[] {
  const count = 22 + random.below(24);
  const some = Array.from({ length: count }, (): Step => {
    const kind = weighted(random, STEP_KINDS);
    const atMs = CALM_MS + random.next() * WINDOW_MS;
    return { atMs: Math.round(atMs), kind, user: random.below(users), dice: [random.next(), random.next(), random.next()] };
  });
  return some;
}

/** Somebody is just writing when a region is killed in the middle of it. Person n begins in region n. */
function lastWords(random: Random, faults: readonly Fault[]): readonly Step[] {
  return faults.flatMap(({ kind, atMs, a }): Step[] =>
    kind === "killed-writing"
      ? [60, 420].map((later) => ({ atMs: atMs + later, kind: "send", user: a, dice: [random.next(), random.next(), random.next()] }))
      : [],
  );
}

/** Seeds in which people write a document together, in bursts. */
export const DOCUMENT_SEEDS = { first: 7, every: 8 } as const;

function typing(seed: number, random: Random, users: number): readonly Step[] {
  if (seed % DOCUMENT_SEEDS.every !== DOCUMENT_SEEDS.first) return [];
  return Array.from({ length: 3 + random.below(2) }, () => CALM_MS + random.next() * WINDOW_MS).flatMap((fromMs) =>
    Array.from({ length: 3 + random.below(2) }, (): Step => {
      const atMs = Math.min(CALM_MS + WINDOW_MS, fromMs + random.next() * 300);
      return { atMs: Math.round(atMs), kind: "type", user: random.below(users), dice: [random.next(), random.next(), random.next()] };
    }),
  );
}

function faults(random: Random, regions: number): readonly Fault[] {
  const count = 1 + random.below(4);
  const some = Array.from({ length: count }, (): Fault => {
    const a = random.below(regions);
    const b = (a + 1 + random.below(regions - 1)) % regions;
    const atMs = CALM_MS + random.next() * (WINDOW_MS - 3_000);
    const lengthMs = random.chance(0.3) ? random.between(100, 1_500) : random.between(1_500, 8_000);
    return {
      atMs: Math.round(atMs),
      kind: weighted(random, FAULT_KINDS),
      a,
      b,
      lengthMs: Math.round(lengthMs),
      dice: [random.next(), random.next()],
    };
  });
  return some.sort((a, b) => a.atMs - b.atMs);
}

const death = ({ atMs, region }: HookPlan["crash"]): Fault => ({
  atMs,
  kind: "crash",
  a: region,
  b: region,
  lengthMs: 1_000,
  dice: [0.5, 0],
});

function weighted<K extends string>(random: Random, weights: Readonly<Record<K, number>>): K {
  const kinds = Object.entries(weights) as [K, number][];
  let at = random.next() * kinds.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [kind, weight] of kinds) {
    at -= weight;
    if (at < 0) return kind;
  }
  return kinds[0]![0];
}
