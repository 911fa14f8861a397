/** `atoll start`: a killed region comes back with what its disks hold. */
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";
import type { RegionDone } from "./kill.ts";
import { giveOrder } from "./reach.ts";

export const define: Define = (command, finish) => {
  command
    .argument("<region>", "the region to start")
    .addHelpText("after", examples("atoll start us", "atoll status --watch    # see it catch up"));
  finish(command, async ({ options, args }: Asked) => {
    const done = await giveOrder<RegionDone>(options.data, { order: "start", region: args[0] ?? "" });
    return { code: 0, document: done, text: `${done.region} is up again` };
  });
};
