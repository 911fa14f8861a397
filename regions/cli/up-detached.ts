/** `up --detach`: the supervisor as a process of its own; this one waits until the mesh is ready and says so. */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import type { MeshFolder } from "../mesh/folder.ts";
import { ownProgram } from "../mesh/own-program.ts";
import type { ReadyDocument } from "../mesh/ready.ts";
import { type Answer, type Io, Stop } from "./answer.ts";
import { ownCall } from "./own-name.ts";
import type { Word } from "./up-words.ts";

/** The same command line, without what was for us, and with the folder's full name, by which the supervisor can be found. */
function ownArguments(args: readonly string[], root: string): readonly string[] {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? "";
    if (arg === "--detach" || arg === "--json" || arg.startsWith("--data=")) continue;
    if (arg === "--data") i += 1;
    else kept.push(arg);
  }
  return [...kept, "--data", root];
}

export async function upDetached(folder: MeshFolder, args: readonly string[], io: Io): Promise<Answer> {
  mkdirSync(folder.root, { recursive: true, mode: 0o700 });
  const log = openSync(folder.logFile, "a", 0o600);
  const { command, args: all } = ownProgram("cli/main", ownArguments(args, folder.root));
  const child = spawn(command, all, { detached: true, stdio: ["ignore", log, log, "ipc"] });
  closeSync(log);
  const ready = await new Promise<ReadyDocument>((done, fail) => {
    child.on("message", (message) => {
      const word = message as Word;
      if ("progress" in word) io.err(`atoll: ${word.progress}\n`);
      else if ("ready" in word) done(word.ready);
      else fail(new Stop(word.refused.code, word.refused.message, word.refused.hint));
    });
    child.once("error", (error) => fail(new Stop(1, `cannot start the supervisor: ${error.message}`)));
    child.once("exit", (code, signal) =>
      fail(new Stop(1, `the supervisor ended before it was ready (${signal ?? code})`, `its log: ${folder.logFile}`)),
    );
  });
  if (child.connected) child.disconnect();
  child.unref();
  const urls = ready.regions.map(({ name, url }) => `  ${name.padEnd(8)} ${url}`).join("\n");
  const call = ownCall(ready.data);
  return {
    code: 0,
    document: ready,
    text: `the mesh runs (pid ${ready.pid}), data in ${ready.data}\n${urls}\nnext: ${call("status")} · ${call("down")}`,
  };
}
