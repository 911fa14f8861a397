/** `atoll kill`: a whole region dies at once, as in a power failure; its disks stay. */
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";
import { giveOrder } from "./reach.ts";

export interface RegionDone {
  readonly region: string;
  readonly at: string;
}

export const define: Define = (command, finish) => {
  command
    .argument("<region>", "the region to kill")
    .addHelpText("after", examples("atoll kill us       # kill -9 of its process and both its servers", "atoll start us      # and back"));
  finish(command, async ({ options, args }: Asked) => {
    const done = await giveOrder<RegionDone>(options.data, { order: "kill", region: args[0] ?? "" });
    return { code: 0, document: done, text: `${done.region} is dead; it stays so until: atoll start ${done.region}` };
  });
};
