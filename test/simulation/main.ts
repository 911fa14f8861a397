/** Simulations outside the test suite: `npm run simulate -- --help`. */
import { parseArgs } from "node:util";
import { describeHunted, hunt } from "./hunting.ts";
import { planOf } from "./plan.ts";
import { PLANTED } from "./planted.ts";
import { plant, uproot } from "./planting.ts";
import { runSeeds, type Told } from "./seeds.ts";
import { describePlan, shrink } from "./shrink.ts";
import { simulate } from "./simulate.ts";

const HELP = `npm run simulate -- [options]: a whole mesh in one thread, once a seed; ends with 1 where a law was broken

  --seeds N        how many seeds (1000)
  --from N         the first of them (1)
  --processes N    on so many processes (2)
  --bug NAME       with this planted bug
  --bugs           which seed is the first to find each planted bug
  --replay SEED    one seed again: the smallest schedule that still fails, and what was said
  --whole          with --replay: the schedule as it is`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean", default: false },
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    bug: { type: "string" },
    bugs: { type: "boolean", default: false },
    replay: { type: "string" },
    processes: { type: "string", default: "2" },
    whole: { type: "boolean", default: false },
  },
});

if (values.help) console.log(HELP);
else if (values.replay !== undefined) await replay(Number(values.replay));
else if (values.bugs) await everyBug();
else await many();

/** From which seed on each planted bug is found. */
async function everyBug(): Promise<void> {
  const hunted = await hunt(PLANTED, Number(values.seeds), (one) => console.log(describeHunted(one)));
  process.exitCode = hunted.every(({ found }) => found !== undefined) ? 0 : 1;
}

/** One seed again: whether it fails, the smallest schedule that still does, and what was said. */
async function replay(seed: number): Promise<void> {
  const plan = planOf(seed);
  const outcome = await simulate(seed);
  const again = await simulate(seed);
  if (again.steps !== outcome.steps || again.failure !== outcome.failure)
    throw new Error(`seed ${seed} is not deterministic: ${outcome.steps} steps, then ${again.steps}`);
  if (outcome.failure === undefined || values.whole) {
    console.log(outcome.lines.join("\n"));
    console.log(`seed ${seed}: ${outcome.failure ?? "holds every law"}`);
    return;
  }
  const small = await shrink(plan, outcome);
  console.log(small.outcome.lines.join("\n"));
  console.log(`${describePlan(small.plan)}\n${small.outcome.failure}`);
  process.exitCode = 1;
}

async function many(): Promise<void> {
  const bug = values.bug === undefined ? undefined : PLANTED.find(({ name }) => name === values.bug);
  if (values.bug !== undefined && bug === undefined)
    throw new Error(`no bug ${values.bug}; there are: ${PLANTED.map(({ name }) => name).join(", ")}`);
  const tree = bug === undefined ? undefined : plant(bug);
  const startedMs = performance.now();
  const failed: Told[] = [];
  const told = (outcome: Told): void => {
    if (outcome.failure === undefined) return;
    failed.push(outcome);
    if (failed.length <= 20) console.log(`seed ${outcome.seed} ${outcome.failure.slice(0, 600)}`);
  };
  const outcomes = await runSeeds({
    from: Number(values.from),
    seeds: Number(values.seeds),
    processes: Number(values.processes),
    told,
    ...(tree === undefined ? {} : { tree }),
  });
  if (tree !== undefined) uproot(tree);
  const sum = (of: (outcome: Told) => number): number => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const laws = Object.fromEntries(
    [...new Set(failed.map(({ law }) => law ?? ""))].map((law) => [law, failed.filter((one) => one.law === law).length]),
  );
  console.log(
    JSON.stringify({
      seeds: outcomes.length,
      failed: failed.length,
      laws,
      operations: sum(({ operations }) => operations),
      events: sum(({ events }) => events),
      faults: sum(({ faults }) => faults),
      conflicts: sum(({ conflicts }) => conflicts),
      brought: sum(({ brought }) => brought),
      virtualHours: Number((sum(({ virtualMs }) => virtualMs) / 3_600_000).toFixed(1)),
      seconds: Number(((performance.now() - startedMs) / 1_000).toFixed(1)),
    }),
  );
  process.exitCode = failed.length === 0 ? 0 : 1;
}
