/** A process that runs the seeds it is given and reports each; started by `seeds.ts`, from the tree or from a copy with a planted bug. */
import { simulate } from "./simulate.ts";

export interface ShardTask {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  /** Ends at the first seed that fails. */
  readonly untilFound: boolean;
}

// Nobody listens any more: the parent has died or has had enough.
process.on("disconnect", () => process.exit(0));
process.on("message", async ({ from, to, step, untilFound }: ShardTask) => {
  for (let seed = from; seed <= to; seed += step) {
    const { lines: _, ...outcome } = await simulate(seed);
    process.send?.(outcome);
    if (untilFound && outcome.failure !== undefined) break;
  }
  process.disconnect();
});
