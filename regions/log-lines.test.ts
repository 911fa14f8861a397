import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const CHILD = fileURLToPath(new URL("./log-lines-process.test-model.ts", import.meta.url));

test("H13: log lines that a full disk refuses neither end the process nor keep it from ending", async () => {
  const full = openSync("/dev/full", "w");
  const child = spawn(process.execPath, ["--import", "tsx", CHILD], { stdio: ["ignore", full, "ignore", "ipc"] });
  closeSync(full);
  const ended = once(child, "exit");
  const told = await Promise.race([once(child, "message"), ended]);
  expect(told[0]).toBe("alive");
  child.send("end");
  expect((await ended)[0]).toBe(1);
}, 60_000);
