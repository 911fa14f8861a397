/** `atoll heal`: lets cut regions see each other again; returns when that is proved by an echo both ways. */
import type { Pair } from "../mesh/links.ts";
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";
import { giveOrder } from "./reach.ts";

interface Healed {
  readonly healed: readonly Pair[];
  readonly at: string;
}

export const define: Define = (command, finish) => {
  command
    .argument("[region]", "heal the links of this region (default: all links)")
    .argument("[other]", "only the link to this one")
    .addHelpText("after", examples("atoll heal          # every link", "atoll heal us eu    # this one only"));
  finish(command, async ({ options, args }: Asked) => {
    const done = await giveOrder<Healed>(options.data, { order: "heal", regions: args });
    const links =
      done.healed.length === 0
        ? "no link was cut"
        : `healed: ${done.healed.map((pair) => pair.join(" – ")).join(", ")} (proved at ${done.at})`;
    return { code: 0, document: done, text: `${links}\nnext: atoll status · atoll verify · atoll conflicts` };
  });
};
