/** Tools that proofs need and a machine may lack: installed where CI is set, said to be missing elsewhere. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../../terraform/tests/tools.sh", import.meta.url));
const BIN = join(process.env["ATOLL_TOOLS"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "atoll", "tools"), "bin");

/** The path of a tool, or nothing when it is missing here. */
export function toolForTests(name: string, installed: readonly string[] = []): string | undefined {
  const found = [...installed, join(BIN, name)].find((path) => existsSync(path));
  if (found !== undefined) return found;
  if (process.env["CI"]) {
    execFileSync("bash", [SCRIPT, name], { stdio: ["ignore", "inherit", "inherit"] });
    return join(BIN, name);
  }
  console.warn(`SKIPPED: ${name} is missing: bash terraform/tests/tools.sh ${name}`);
  return undefined;
}
