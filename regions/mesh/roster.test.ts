import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { meshFolder } from "./folder.ts";
import { type Fingerprint, fingerprint } from "./process-table.ts";
import { livingSupervisor, sweep } from "./roster.ts";

let data = "";
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "atoll-roster-"));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

const DEAD: Fingerprint = { pid: 4_000_000, started: "1", command: "atoll" };
const write = (supervisor: Fingerprint, children: readonly Fingerprint[]): void =>
  writeFileSync(meshFolder(data).processesFile, JSON.stringify({ supervisor, children }));
const sleeper = () => spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });

test("H10: what a dead supervisor left behind is ended", async () => {
  const child = sleeper();
  const ended = new Promise((done) => child.once("exit", done));
  write(DEAD, [fingerprint(child.pid ?? 0)!]);
  expect(await sweep(meshFolder(data))).toBe(1);
  await ended;
});

test("H10: a process that only has the pid of a former child is left alone", async () => {
  const child = sleeper();
  const now = fingerprint(child.pid ?? 0)!;
  write(DEAD, [
    { ...now, started: "1" },
    { ...now, command: "nats-server" },
  ]);
  expect(await sweep(meshFolder(data))).toBe(0);
  expect(child.kill("SIGKILL")).toBe(true);
});

test("the children of a living supervisor are not swept", async () => {
  const me = fingerprint(process.pid)!;
  write(me, [me]);
  expect(await sweep(meshFolder(data))).toBe(0);
  expect(livingSupervisor(meshFolder(data))).toBe(process.pid);
});

test("a folder without a mesh has no supervisor and nothing to sweep", async () => {
  expect(livingSupervisor(meshFolder(data))).toBeUndefined();
  expect(await sweep(meshFolder(data))).toBe(0);
});
