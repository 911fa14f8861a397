/** The command line as a whole: which command is meant, what it answers, how that is printed, and the exit code. */
import { statSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { Refused } from "../mesh/refused.ts";
import { version } from "../version.ts";
import type { Answer, ExitCode, Io } from "./answer.ts";
import { Stop } from "./answer.ts";
import { COMMANDS } from "./commands.ts";
import type { Finish } from "./define.ts";

function report(answer: Answer, json: boolean, io: Io): void {
  if (json && answer.document !== undefined) io.out(`${JSON.stringify(answer.document)}\n`);
  if (!json && answer.text) io.out(answer.text.endsWith("\n") ? answer.text : `${answer.text}\n`);
}

function reportStop(stop: Stop, json: boolean, io: Io): void {
  io.err(`atoll: ${stop.line}\n`);
  if (json) io.out(`${JSON.stringify({ error: { message: stop.message, ...(stop.hint === undefined ? {} : { hint: stop.hint }) } })}\n`);
}

/** What `--data` names is a folder, or nothing yet. */
function checkFolder(data: string): void {
  if (data === "") throw new Stop(2, "--data names no folder");
  if (statSync(data, { throwIfNoEntry: false })?.isDirectory() === false) throw new Stop(2, `--data ${data} is a file, not a folder`);
}

const finisher =
  (io: Io, done: (code: ExitCode) => void): Finish =>
  (command, act) => {
    command.option("--data <dir>", "the local mesh's folder", ".atoll").option("--json", "exactly one JSON document on stdout");
    command.action(async () => {
      const options = command.opts();
      const json = options["json"] === true;
      try {
        checkFolder(String(options["data"]));
        const answer = await act({
          options: options as never,
          args: command.processedArgs.flat().filter((arg) => arg !== undefined),
          io,
          json,
        });
        report(answer, json, io);
        done(answer.code);
      } catch (error) {
        const stop = error instanceof Refused ? new Stop(error.code, error.message, error.hint) : error;
        if (!(stop instanceof Stop)) throw stop;
        reportStop(stop, json, io);
        done(stop.code);
      }
    });
  };

/** All commands by name and purpose; the one that is asked for, whole. */
async function build(asked: string | undefined, io: Io, done: (code: ExitCode) => void): Promise<Command> {
  const program = new Command("atoll")
    // What stands behind a sub-command's name is that one's, also where the command above it knows the same option.
    .enablePositionalOptions()
    .description(
      "A multi-region active-active gateway mesh for chat: every region keeps working when it is cut off, and all agree again by themselves.",
    )
    .version(version(), "-V, --version")
    .showSuggestionAfterError(true)
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .exitOverride()
    .addHelpText(
      "after",
      "\nStart here: atoll up\nExit codes: 0 yes or done · 1 the answer is no · 2 wrong usage · 3 cannot reach the mesh",
    );
  for (const { group, commands } of COMMANDS) {
    program.commandsGroup(group);
    for (const { name, about, load } of commands) {
      const command = program
        .command(name)
        .description(`${about.charAt(0).toUpperCase()}${about.slice(1)}.`)
        .summary(about)
        .allowExcessArguments(false);
      if (name === asked) (await load()).define(command, finisher(io, done));
    }
  }
  return program;
}

/** "error: unknown option '--x'\n(Did you mean --y?)" as programs get it. */
function usageError({ message }: CommanderError): { readonly message: string; readonly hint?: string } {
  const [, said = message, hint] = /^(?:error: )?([^\n]*)(?:\n\((.*)\))?/.exec(message) ?? [];
  return { message: said, ...(hint === undefined ? {} : { hint }) };
}

/** Runs one command line and resolves with its exit code. */
export async function runProgram(args: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = await build(args[0] === "help" ? args[1] : args[0], io, (given) => {
    code = given;
  });
  try {
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    if (args.includes("--json")) io.out(`${JSON.stringify({ error: usageError(error) })}\n`);
    return 2; // commander has said what is wrong; wrong usage is 2 here
  }
}
