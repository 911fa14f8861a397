/** A real redis-server of its own for a test: a free port, a folder that goes with it, and the ways it can fail. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
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

export async function startRedis(program: string): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "atoll-redis-"));
  const port = await freePort();
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const settings = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"];
    child = spawn(program, settings, { stdio: "ignore" });
    await until("redis-server answers", () => answersPing(port));
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
    stop: async () => {
      await end("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const answersPing = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write("PING\r\n"));
    socket.once("data", (data) => {
      socket.destroy();
      done(String(data).startsWith("+PONG"));
    });
    socket.once("error", () => done(false));
  });
