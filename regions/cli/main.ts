#!/usr/bin/env node
/** The `atoll` command. */
import type { Io } from "./answer.ts";
import { runProgram } from "./program.ts";
import { mendOfRefusal } from "./system-refusals.ts";

const io: Io = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isTerminal: process.stdout.isTTY === true,
  environment: process.env,
};

// `atoll conflicts | head` closes the pipe early: that is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

/** What the system refused is said in its own words; anything else is a fault of ours and shows where. */
function words(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!("syscall" in error)) return error.stack ?? error.message;
  const mend = mendOfRefusal(error);
  return mend === undefined ? error.message : `${error.message} (${mend})`;
}

try {
  process.exitCode = await runProgram(process.argv.slice(2), io);
} catch (error) {
  io.err(`atoll: ${words(error)}\n`);
  process.exitCode = 1;
}
