/** Many seeds, on several processes at once. */
import { fork } from "node:child_process";
import { join, resolve } from "node:path";
import type { ShardTask } from "./shard.ts";
import type { Outcome } from "./simulate.ts";

const ROOT = resolve(import.meta.dirname, "../..");
export type Told = Omit<Outcome, "lines">;

export interface Run {
  readonly from: number;
  readonly seeds: number;
  readonly processes: number;
  /** Only every so manieth seed. */
  readonly every?: number;
  readonly untilFound?: boolean;
  /** The tree to run: this one, or a copy with a planted bug. */
  readonly tree?: string;
  readonly told?: (outcome: Told) => void;
}

export async function runSeeds({
  from,
  seeds,
  processes,
  every = 1,
  untilFound = false,
  tree = ROOT,
  told,
}: Run): Promise<readonly Told[]> {
  const outcomes: Told[] = [];
  const shards = Array.from({ length: processes }, (_, index) => {
    const task: ShardTask = { from: from + index * every, to: from + seeds - 1, step: processes * every, untilFound };
    return shard(tree, task, (outcome) => {
      outcomes.push(outcome);
      told?.(outcome);
    });
  });
  await Promise.all(shards);
  return outcomes.sort((a, b) => a.seed - b.seed);
}

function shard(tree: string, task: ShardTask, told: (outcome: Told) => void): Promise<void> {
  const child = fork(join(tree, "test/simulation/shard.ts"), {
    execArgv: ["--import", "tsx"],
    cwd: tree,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return new Promise((resolve, reject) => {
    child.on("message", (outcome: Told) => told(outcome));
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`a shard of the simulation ended with ${code}`))));
    child.send(task);
  });
}
