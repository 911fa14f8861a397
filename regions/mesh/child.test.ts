import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Child, type ChildHooks, openChild } from "./child.ts";

let folder = "";
let child: Child | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "atoll-child-"));
});
afterEach(async () => {
  await child?.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** Resolves with the pid of the next one that starts. */
function watched(): { readonly hooks: ChildHooks; readonly next: () => Promise<number> } {
  let tell: (pid: number) => void = () => undefined;
  return {
    hooks: { joined: (pid) => tell(pid), left: () => undefined, tell: () => undefined },
    next: () => new Promise((done) => (tell = done)),
  };
}
const sleeper = (logFile: string) => ({
  name: "a sleeper",
  command: process.execPath,
  args: ["-e", "setInterval(() => {}, 1000)"],
  environment: {},
  logFile,
  channel: false,
});

test("H10: what is killed is started again, until it is told to stop", async () => {
  const { hooks, next } = watched();
  child = openChild(sleeper(join(folder, "log")), hooks);
  const first = next();
  child.start();
  const second = next();
  process.kill(await first, "SIGKILL");
  expect(await second).not.toBe(await first);
  await child.stop(5_000);
  expect(child.running).toBe(false);
});

test("H13: without a log that can be written it runs all the same", async () => {
  const { hooks, next } = watched();
  child = openChild(sleeper(join(folder, "no-such-folder", "log")), hooks);
  const started = next();
  child.start();
  expect(await started).toBeGreaterThan(0);
  expect(child.running).toBe(true);
});
