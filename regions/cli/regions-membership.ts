/** `atoll regions add` and `remove`: a region more, or less, of the local mesh while it runs. */
import type { Command } from "commander";
import type { RegionAdded, RegionRemoved } from "../mesh/membership.ts";
import type { Asked, Finish } from "./define.ts";
import { examples } from "./define.ts";
import { giveOrder } from "./reach.ts";

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

export function defineMembership(command: Command, finish: Finish): void {
  const add = command
    .command("add")
    .description("Add a region to the running local mesh; ends when it equals the others and GeoDNS names it.")
    .argument("<region>", "its name, for ever; a removed one comes back to its disk")
    .addHelpText("after", examples("atoll regions add sa", "atoll regions add sa && atoll verify"));
  finish(add, async ({ options, args, io }: Asked) => {
    const done = await giveOrder<RegionAdded>(options.data, { order: "add", region: args[0] ?? "" });
    const { region, url, joinedMs, namedMs } = done;
    const serves = `${region} equals its peers after ${seconds(joinedMs)} and serves at ${url}`;
    if (namedMs !== null)
      return { code: 0, document: done, text: `${serves}; GeoDNS names it after ${seconds(namedMs)}\nnext: atoll status · atoll verify` };
    io.err(`atoll: ${serves}, but GeoDNS does not name it; why: geodns.log in the mesh's folder\n`);
    return { code: 1, document: done };
  });

  const remove = command
    .command("remove")
    .description("Remove a region from the running local mesh; its history stays with its peers, its disk untouched.")
    .argument("<region>", "the region to remove")
    .option("--force", "also when it is down or cut off: what only its disk holds is not in the mesh until it is added again")
    .addHelpText("after", examples("atoll regions remove sa", "atoll regions remove sa --force   # it is dead for good"));
  finish(remove, async ({ options, args, io }: Asked<{ readonly force?: boolean }>) => {
    const done = await giveOrder<RegionRemoved>(options.data, { order: "remove", region: args[0] ?? "", force: options.force === true });
    const { region, data, behind } = done;
    if (behind.length === 0)
      return { code: 0, document: done, text: `${region} is removed; its data stay in ${data}\nback again: atoll regions add ${region}` };
    io.err(
      `atoll: ${region} is removed, but ${behind.join(", ")} heard less of it than others did; its disk has what is missing: atoll regions add ${region}\n`,
    );
    return { code: 1, document: done };
  });
}
