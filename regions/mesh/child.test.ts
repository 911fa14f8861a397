import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
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

test("a program that dies of its own memory three times while it starts is not tried for ever; what mends it is said", async () => {
  const told: string[] = [];
  const given = { ...sleeper(join(folder, "log")), args: ["-e", "process.kill(process.pid, 'SIGSEGV')"], ifDamaged: "move it away" };
  child = openChild(given, { joined: () => undefined, left: () => undefined, tell: (line) => told.push(line) });
  child.start();
  await until(() => child?.hopeless !== undefined);
  expect(child.hopeless).toBe("it died of SIGSEGV 3 times while it started, as with a damaged store: move it away");
  expect(told.at(-1)).toMatch(/^a sleeper cannot run: /);
  expect(child.running).toBe(false);
});

test("what cannot run is told in its words for people, not in its lines for programs", async () => {
  const logFile = join(folder, "log");
  const says = `console.log('{"level":"info"}'); console.error("atoll: the folder is another region's"); process.exit(2)`;
  child = openChild({ ...sleeper(logFile), args: ["-e", says], channel: true }, watched().hooks);
  child.start();
  await until(() => child?.hopeless !== undefined);
  expect(child.hopeless).toBe("the folder is another region's");
});

test("H13: without a log that can be written it runs all the same", async () => {
  const { hooks, next } = watched();
  child = openChild(sleeper(join(folder, "no-such-folder", "log")), hooks);
  const started = next();
  child.start();
  expect(await started).toBeGreaterThan(0);
  expect(child.running).toBe(true);
});

test("a connection that was handed over and not taken ends with the process, so that its client comes back", async () => {
  const { hooks, next } = watched();
  child = openChild({ ...sleeper(join(folder, "log")), channel: true }, hooks);
  const started = next();
  child.start();
  const pid = await started;
  process.kill(pid, "SIGSTOP"); // it takes nothing from here on
  const door = createServer({ pauseOnConnect: true }, (connection) => expect(child?.hand(connection)).toBe(true));
  await new Promise<void>((open) => door.listen(0, "127.0.0.1", open));
  const { port } = door.address() as AddressInfo;
  const clients = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise<Socket>((open) => {
          const client = connect(port, "127.0.0.1", () => open(client));
        }),
    ),
  );
  const ended = clients.map((client) => new Promise((done) => client.once("error", done).once("close", done).resume()));
  await until(() => child?.handing === 3);
  process.kill(pid, "SIGKILL");
  await Promise.all(ended);
  door.close();
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((later) => setImmediate(later));
}
