/** `atoll cut`: a real cut of the links between regions; returns when they are proved down. */
import type { Pair } from "../mesh/links.ts";
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";
import { giveOrder } from "./reach.ts";

export interface CutDone {
  readonly cut: readonly Pair[];
  /** When it was proved: forwarded bytes stood still and an echo failed. */
  readonly at: string;
}

export const define: Define = (command, finish) => {
  command
    .argument("<region>", "the region to cut off")
    .argument("[other]", "only from this one (default: from all others)")
    .addHelpText("after", examples("atoll cut us        # us sees nobody, nobody sees us", "atoll cut us eu     # both still see ap"));
  finish(command, async ({ options, args }: Asked) => {
    const done = await giveOrder<CutDone>(options.data, { order: "cut", regions: args });
    return {
      code: 0,
      document: done,
      text: `cut: ${done.cut.map((pair) => pair.join(" – ")).join(", ")} (proved at ${done.at})\nnext: atoll status (the regions notice within two seconds) · atoll heal`,
    };
  });
};
