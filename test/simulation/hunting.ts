/** Plants bugs one after the other, on two lanes, and looks from which seed on each is found. */
import { availableParallelism } from "node:os";
import type { Planted } from "./planted-bug.ts";
import { plant, uproot } from "./planting.ts";
import { runSeeds, type Told } from "./seeds.ts";

export interface Hunted {
  readonly bug: Planted;
  /** The first seed that fails with it; undefined: it went unfound. */
  readonly found: Told | undefined;
}

export async function hunt(bugs: readonly Planted[], seeds: number, told: (hunted: Hunted) => void): Promise<readonly Hunted[]> {
  const queue = [...bugs];
  const all: Hunted[] = [];
  const lane = async (): Promise<void> => {
    for (let bug = queue.shift(); bug !== undefined; bug = queue.shift()) {
      const tree = plant(bug);
      try {
        const { first, every } = bug.amongst ?? { first: 1, every: 1 };
        const outcomes = await runSeeds({ from: first, every, seeds: seeds - first + 1, processes: 1, untilFound: true, tree });
        const hunted = { bug, found: outcomes.find(({ failure }) => failure !== undefined) };
        all.push(hunted);
        told(hunted);
      } finally {
        uproot(tree);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, lane));
  return all;
}

export const describeHunted = ({ bug, found }: Hunted): string =>
  `${bug.name.padEnd(34)} ${found === undefined ? "NOT FOUND" : `seed ${String(found.seed).padStart(4)}  ${found.failure?.replace(/\s+/g, " ").slice(0, 110)}`}`;
