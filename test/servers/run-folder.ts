/**
 * Where one run of the tests keeps the real servers that its files share. The folder is made before the first file and named in the environment;
 * whoever asks first for a server starts it, the others wait for it, and the end of the run ends it.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const VARIABLE = "ATOLL_TEST_SERVERS";
const LATEST_MS = 300_000;

export function makeRunFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "atoll-servers-"));
  process.env[VARIABLE] = folder;
  // Servers watch this process: they end with it, however it ends.
  writeFileSync(join(folder, "owner"), String(process.pid));
  return folder;
}

export function runFolder(): string {
  const folder = process.env[VARIABLE];
  if (folder === undefined) throw new Error(`${VARIABLE} is not set: the tests' global setup did not run`);
  return folder;
}
export const ownerPid = (): number => Number(readFileSync(join(runFolder(), "owner"), "utf8"));

/** What `start` gave, whichever process of this run was first to ask. What it throws, all of them get. */
export async function sharedInRun<T>(name: string, start: (folder: string) => Promise<T>): Promise<T> {
  const folder = join(runFolder(), name);
  const answer = join(runFolder(), `${name}.json`);
  let first = true;
  try {
    mkdirSync(folder);
  } catch {
    first = false;
  }
  if (first) {
    const outcome = await start(folder).then(
      (value) => ({ value }),
      (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
    );
    writeFileSync(`${answer}.next`, JSON.stringify(outcome));
    renameSync(`${answer}.next`, answer);
  }
  const untilMs = performance.now() + LATEST_MS;
  while (!existsSync(answer)) {
    if (performance.now() > untilMs) throw new Error(`${name}: whoever was starting it did not finish`);
    await pause(100);
  }
  const outcome = JSON.parse(readFileSync(answer, "utf8")) as { readonly value?: T; readonly error?: string };
  if (outcome.error !== undefined) throw new Error(`${name}: ${outcome.error}`);
  return outcome.value as T;
}
