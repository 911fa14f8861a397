/** `atoll audit`: the chained log, checked, exported, replayed (laws A1, A3). */
import type { Io } from "./answer.ts";
import { Stop } from "./answer.ts";
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";
import { type ReachOptions, reachAll } from "./reach.ts";

interface ReplayFlags {
  readonly until?: string;
  readonly as?: string;
}

const counting =
  (io: Io, what: string) =>
  (entries: number): void => {
    if (io.isTerminal) io.err(`\r${entries} entries ${what}`);
  };

async function verify({ options, io }: Asked<ReachOptions>) {
  const { checkLogs, logsWords } = await import("../audit/verify.ts");
  const checked = await checkLogs(await reachAll(options, "auditor"), counting(io, "checked"));
  return { code: checked.intact ? 0 : 1, document: checked, text: logsWords(checked) } as const;
}

async function exported({ options, args, io }: Asked<ReachOptions>) {
  const { writeExport } = await import("../audit/export.ts");
  const [file = ""] = args;
  try {
    const { entries, missing } = await writeExport(await reachAll(options, "auditor"), file, counting(io, "written"));
    const without = missing.map(({ region, why }) => `without the log of ${region}, which could not be asked: ${why}`);
    const text = [`${entries} entries in ${file}`, ...without].join("\n");
    return { code: missing.length === 0 ? 0 : 1, document: { entries, file, missing }, text } as const;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof Stop) throw error;
    throw new Stop(2, `${file} cannot be written (${code})`, "name a file in a folder that is there");
  }
}

/** RFC 3339, so that it is the same time on every machine. */
const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

async function replayed({ options, args, io }: Asked<ReplayFlags>) {
  const { existsSync } = await import("node:fs");
  const [file = ""] = args;
  if (!existsSync(file)) throw new Stop(2, `there is no file ${file}`, "make one: atoll audit export FILE");
  const untilMs = options.until === undefined ? undefined : TIME.test(options.until) ? Date.parse(options.until) : Number.NaN;
  if (Number.isNaN(untilMs)) throw new Stop(2, `--until ${options.until} is no time`, "like 2026-01-05T10:00:00Z");
  const { replayExport } = await import("../audit/replay.ts");
  const outcome = await replayExport({ file, as: options.as, untilMs, progress: counting(io, "replayed") });
  const { digest, conflicts, same, broken, otherVerdicts } = outcome;
  const part = options.as !== undefined || options.until !== undefined;
  const verdict =
    same === true
      ? "the same state, conflicts and verdicts"
      : same === null
        ? "the export names no digest to compare with"
        : "NOT the same";
  const lines = [
    `${part ? "as asked" : verdict}: ${digest.slice(0, 16)}, ${conflicts} conflicts, ${outcome.entries} entries read`,
    ...outcome.missing.map(({ region, why }) => `the export was made without the log of ${region}: ${why}`),
    ...broken.map(({ region, seq, why }) => `broken: ${region}, entry ${seq}: ${why}`),
    ...otherVerdicts.slice(0, 20).map((id) => `another verdict: ${id}`),
  ];
  const well = part ? broken.length === 0 : same !== false;
  return { code: well ? 0 : 1, document: outcome, text: lines.join("\n") } as const;
}

export const define: Define = (command, finish) => {
  command.addHelpText("after", examples("atoll audit verify", "atoll audit export log.jsonl", "atoll audit replay log.jsonl --as eu"));
  const mesh = (name: string) =>
    command
      .command(name)
      .option("--url <url>", "ask this gateway, and the regions that it names, instead of the local mesh")
      .option("--token <token>", "an auditor's token, with --url");
  finish(
    mesh("verify")
      .description("Check the hash chain of every region, every fact against its hash, and what regions saw of each other's logs.")
      .addHelpText(
        "after",
        "\nExit 1: an entry is not what it was (the first of each region is named), or a region could not be asked (the others are checked all the same).",
      ),
    verify,
  );
  finish(
    mesh("export")
      .argument("<file>", "where to write it")
      .description("Write every region's log as JSON lines, with the digest the regions agreed on.")
      .addHelpText("after", "\nExit 1: a region could not be asked; the file holds the logs of the others, and says so."),
    exported,
  );
  finish(
    command
      .command("replay")
      .argument("<file>", "an export")
      .option("--until <time>", "only what had happened by then; with --as, what that region had seen by then")
      .option("--as <region>", "what this region knew")
      .description("Rebuild the state from an export in a clean process; compare digest, conflicts and verdicts.")
      .addHelpText("after", "\nNeeds no mesh. Exit 1: it does not come out the same, or a chain is broken."),
    replayed,
  );
};
