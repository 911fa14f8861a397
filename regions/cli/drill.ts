/** `atoll drill`: a rehearsal on a live mesh, reported against the promised timeline. */
import { numberIn } from "../../core/decimal.ts";
import { Stop } from "./answer.ts";
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";
import { parseDuration } from "./duration.ts";

interface Options {
  readonly for: string;
  readonly load: string;
}
const LONGEST_MS = 60 * 60_000;

async function partition({ options, args, io }: Asked<Options>) {
  const lengthMs = parseDuration(options.for);
  if (lengthMs === undefined || lengthMs < 1_000 || lengthMs > LONGEST_MS)
    throw new Stop(2, `--for ${options.for} is no length from 1s to 1h`, "for example --for 20s");
  const load = numberIn(options.load);
  if (load === undefined || load < 1 || load > 10_000) throw new Stop(2, `--load ${options.load} is not a number from 1 to 10000`);
  const regions = (args[0] ?? "").split(",");
  const [{ openAccess }, { runDrill }] = await Promise.all([import("../play/access.ts"), import("../play/drill.ts")]);
  const access = openAccess(options.data);
  const names = access.regions.map(({ name }) => name);
  const unknown = regions.find((region) => !names.includes(region));
  if (unknown !== undefined) throw new Stop(2, `there is no region ${unknown}`, `regions: ${names.join(", ")}`);
  if (regions.length > 2 || new Set(regions).size !== regions.length)
    throw new Stop(2, "a drill cuts one region from all, or one from one other", "for example atoll drill partition us,eu");
  return runDrill({ regions, lengthMs, load }, io, access);
}

export const define: Define = (command, finish) => {
  command.addHelpText("after", examples("atoll drill partition us --for 20s --load 50", "atoll drill partition us,eu --for 1m"));
  finish(
    command
      .command("partition")
      .argument("<regions>", "one region, or a pair: us or us,eu")
      .option("--for <length>", "how long the cut lasts, 1s to 1h", "20s")
      .option("--load <n>", "messages a second meanwhile, over all regions", "20")
      .description("Cut a running mesh under load, heal it, and report against the promised timeline.")
      .addHelpText(
        "after",
        "\nEnded early (Ctrl-C, a signal, a closed terminal) it heals first; killed -9, the mesh heals by itself soon after the time given.\nExit 1: something was lost, late, or somebody was shown who had left.",
      ),
    partition,
  );
};
