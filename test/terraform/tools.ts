/** Tools that proofs need and a machine may lack: installed where CI is set, said to be missing elsewhere. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../../terraform/tests/tools.sh", import.meta.url));
const BIN = join(process.env["ATOLL_TOOLS"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "atoll", "tools"), "bin");

function install(name: string): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn("bash", [SCRIPT, name], { stdio: ["ignore", "inherit", "inherit"] });
    child
      .once("error", fail)
      .once("exit", (code) => (code === 0 ? done() : fail(new Error(`${name} could not be installed (exit ${code})`))));
  });
}

/** The path of a tool, or nothing when it is missing here. Some are built: that takes minutes the first time. */
export async function toolForTests(name: string, installed: readonly string[] = []): Promise<string | undefined> {
  const found = [...installed, join(BIN, name)].find((path) => existsSync(path));
  if (found !== undefined) return found;
  if (process.env["CI"]) {
    await install(name);
    return join(BIN, name);
  }
  console.warn(`SKIPPED: ${name} is missing: bash terraform/tests/tools.sh ${name}`);
  return undefined;
}
