/** `atoll drill`: a rehearsal on a live mesh. Comes with 0.3; until then the command says so. */
import type { Define } from "./define.ts";
import { examples } from "./define.ts";
import { comesWith } from "./later.ts";

export const define: Define = (command, finish) => {
  command.addHelpText("after", `\nComes with version 0.3.${examples("atoll drill partition us --for 20s --load 50")}`);
  finish(
    command
      .command("partition")
      .argument("<regions>", "one region, or a pair: us or us,eu")
      .option("--for <length>", "how long the cut lasts", "20s")
      .option("--load <n>", "writes a second meanwhile")
      .description("Cut a running mesh under load, heal it, and report against the promised timeline (comes with version 0.3)."),
    async () => {
      throw comesWith("drill", "0.3", "meanwhile: atoll play FILE --cut us@3s+20s");
    },
  );
};
