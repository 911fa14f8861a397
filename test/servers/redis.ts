/** A real redis-server of its own for a test: a free port, a folder that goes with it, and the ways it can fail. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Certified } from "./certificates.ts";
import { freePort, until } from "./server.ts";

const run = promisify(execFile);

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Returns when the process is gone; `start` brings it back on the same port, with nothing of what it held. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** The process stands still: connections stay open and nothing is answered. */
  pause(): void;
  resume(): void;
  /** Everything it holds is gone. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** The program; installed by the system's packages where CI lacks it. Undefined where a laptop has none: the suites say so. */
export async function redisForTests(): Promise<string | undefined> {
  const named = process.env["ATOLL_REDIS_SERVER"] ?? "redis-server";
  const answers = (): Promise<boolean> => run(named, ["--version"]).then(() => true, () => false); // biome-ignore format: one thought
  if (await answers()) return named;
  if (process.env["CI"]) {
    await run("apt-get", ["install", "-y", "-qq", "redis-server"], { timeout: 300_000 });
    if (await answers()) return named;
    throw new Error("no redis-server, and apt-get could not install one: name one with ATOLL_REDIS_SERVER");
  }
  console.warn("SKIPPED: no redis-server found: apt-get install redis-server, or name one with ATOLL_REDIS_SERVER");
  return undefined;
}

/** A login with the commands and keys that a region needs, and no more; docs/stores.md names them. */
export interface SecuredRedis {
  readonly certified: Certified;
  /** As the server's configuration says it: "user name on >password …". */
  readonly users: readonly string[];
}

export async function startRedis(program: string, secured?: SecuredRedis): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "atoll-redis-"));
  const port = await freePort();
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const settings = ["--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"];
    const door = secured === undefined ? ["--port", String(port)] : tlsDoor(port, secured.certified);
    const file = join(folder, "redis.conf");
    await writeFile(file, (secured?.users ?? []).map((user) => `user ${user}\n`).join(""));
    child = spawn(program, [file, ...door, ...settings], { stdio: "ignore" });
    await until("redis-server answers", () => (secured === undefined ? answers(port, "PING", "+PONG") : listens(port)));
  };
  const end = (signal: NodeJS.Signals): Promise<void> =>
    new Promise((done) => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return done();
      child.once("exit", () => done());
      child.kill(signal);
    });
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill: () => end("SIGKILL"),
    start,
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
    flush: () => until("it is flushed", () => answers(port, "FLUSHALL", "+OK")).then(() => {}),
    stop: async () => {
      await end("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const tlsDoor = (port: number, { cert, key, ca }: Certified): readonly string[] => [
  ...["--port", "0", "--tls-port", String(port), "--tls-auth-clients", "yes"],
  ...["--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", ca],
];

const listens = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });

const answers = (port: number, command: string, expected: string): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(`${command}\r\n`));
    socket.once("data", (data) => {
      socket.destroy();
      done(String(data).startsWith(expected));
    });
    socket.once("error", () => done(false));
  });
