/** `atoll audit`: the chained log, checked, exported, replayed. The chain itself comes with 0.3; until then the command says so. */
import type { Define } from "./define.ts";
import { examples } from "./define.ts";
import { comesWith } from "./later.ts";

export const define: Define = (command, finish) => {
  command.addHelpText(
    "after",
    `\nComes with version 0.3.${examples("atoll audit verify", "atoll audit export log.jsonl", "atoll audit replay log.jsonl --as eu")}`,
  );
  const later = async (what: string): Promise<never> => {
    throw comesWith(`audit ${what}`, "0.3", "meanwhile: atoll conflicts, atoll verify");
  };
  finish(command.command("verify").description("Check the hash chains of every region (comes with version 0.3)."), () => later("verify"));
  finish(
    command.command("export").argument("<file>", "where to write it").description("Write the log as JSON lines (comes with version 0.3)."),
    () => later("export"),
  );
  finish(
    command
      .command("replay")
      .argument("<file>", "an export")
      .option("--until <time>", "only what had happened by then")
      .option("--as <region>", "what this region knew")
      .description("Rebuild the state from an export and compare (comes with version 0.3)."),
    () => later("replay"),
  );
};
