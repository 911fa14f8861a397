/** The real command from outside, for stories about a whole mesh: runs `./atoll …` and watches which processes belong to the folder. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../../atoll", import.meta.url));

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function atoll(...args: readonly string[]): Promise<Ran> {
  return new Promise((done) => {
    const child = spawn(SCRIPT, args, { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.once("close", (code) => done({ code: code ?? -1, stdout, stderr }));
  });
}

const free = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const server = createServer()
      .once("error", () => done(false))
      .listen(port, "127.0.0.1", () => server.close(() => done(true)));
  });

async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 9_000);
    if ((await Promise.all([port, port + 1, port + 2, port + 53].map(free))).every(Boolean)) return port;
  }
}

/** A folder for one mesh, with everything that is asked of it. */
export class MeshUnderTest {
  readonly data = mkdtempSync(join(tmpdir(), "atoll-e2e-"));
  port = 0;

  async up(...args: readonly string[]): Promise<Ran> {
    if (this.port === 0) this.port = await freePort();
    return atoll("up", "--detach", "--json", "--data", this.data, "--port", String(this.port), ...args);
  }
  run(...args: readonly string[]): Promise<Ran> {
    return atoll(...args, "--json", "--data", this.data);
  }
  /** pids of living processes whose command line names the folder. */
  processes(): readonly number[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) => {
        try {
          const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
          return stat[stat.lastIndexOf(")") + 2] !== "Z" && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(this.data);
        } catch {
          return false;
        }
      })
      .map(Number);
  }
  async remove(): Promise<void> {
    await this.run("down");
    await until("the mesh is gone", () => this.processes().length === 0).catch(() => {
      for (const pid of this.processes()) process.kill(pid, "SIGKILL");
    });
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** Waits for a state, not for a time. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
  const startMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startMs > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await pause(50);
  }
}
