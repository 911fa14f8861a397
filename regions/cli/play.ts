/** `atoll play`: recorded chat through the mesh, with cuts on the way; every message is accounted for. */
import { numberIn } from "../../core/decimal.ts";
import { Stop } from "./answer.ts";
import type { Asked, Define } from "./define.ts";
import { collect, examples } from "./define.ts";

interface Options {
  readonly users?: string;
  readonly rate: string;
  readonly limit?: string;
  readonly cut?: readonly string[];
  readonly edits: string;
}

function numberFrom(text: string, flag: string, least: number, most: number): number {
  const value = numberIn(text);
  if (value === undefined || value < least || value > most) throw new Stop(2, `${flag} ${text} is not a number from ${least} to ${most}`);
  return value;
}

function wholeFrom(text: string, flag: string, least: number, most: number): number {
  const value = numberFrom(text, flag, least, most);
  if (!Number.isInteger(value)) throw new Stop(2, `${flag} ${text} is no whole number`);
  return value;
}

export const define: Define = (command, finish) => {
  command
    .argument("<file>", "recorded chat: JSON lines {id,t,channel,topic,user,text}; .gz too")
    .option("--users <file>", "JSON lines {user,utc_offset_hours}: who is at home where")
    .option("--rate <n>", "messages a second", "100")
    .option("--limit <n>", "only the first n messages")
    .option("--cut <regions@start+length>", "a cut on the way, like us@3s+5s or us-eu@10s+1m; may be given several times", collect)
    .option("--edits <share>", "share of messages that are afterwards changed from two regions, 0 to 1", "0")
    .addHelpText(
      "after",
      `${examples("atoll play chat.jsonl.gz --users users.jsonl --limit 3000 --rate 300", "atoll play chat.jsonl.gz --edits 0.05 --cut us@3s+5s --json")}\n\nExit 1: something was lost, duplicated or out of order, or the regions are not equal.`,
    );
  finish(command, async ({ options, args, io }: Asked<Options>) => {
    const { existsSync } = await import("node:fs");
    for (const file of [args[0], options.users]) if (file !== undefined && !existsSync(file)) throw new Stop(2, `there is no file ${file}`);
    const [{ runPlay }, { openAccess }] = await Promise.all([import("../play/play.ts"), import("../play/access.ts")]);
    return runPlay(
      {
        file: args[0] ?? "",
        users: options.users,
        rate: numberFrom(options.rate, "--rate", 0.1, 100_000),
        limit: options.limit === undefined ? Number.POSITIVE_INFINITY : wholeFrom(options.limit, "--limit", 1, 1_000_000_000),
        cuts: options.cut ?? [],
        edits: numberFrom(options.edits, "--edits", 0, 1),
      },
      io,
      openAccess(options.data),
    );
  });
};
