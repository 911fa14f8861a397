/** The real command from outside, for stories about a whole mesh: runs `./atoll …` and watches which processes belong to the folder. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { VerifyReport } from "../../core/ports/boards.ts";
import { mintToken } from "../../regions/cli/mint.ts";
import type { ReadyDocument } from "../../regions/mesh/ready.ts";
import { Person } from "./person.ts";

const SCRIPT = fileURLToPath(new URL("../../atoll", import.meta.url));

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function atoll(...args: readonly string[]): Promise<Ran> {
  return atollWith(process.env, ...args);
}

export function atollWith(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Ran> {
  return new Promise((done) => {
    const child = spawn(SCRIPT, args, { stdio: ["ignore", "pipe", "pipe"], env });
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
    if ((await Promise.all([port, port + 1, port + 2, port + 3, port + 4, port + 53].map(free))).every(Boolean)) return port;
  }
}

/** What a region is made of: its program, its JetStream server, its gateway server. */
export const KINDS = ["program", "jetstream", "gateway"] as const;
export type Kind = (typeof KINDS)[number];

const SHARE = "--reconciler-share";

const commandLine = (pid: number): string => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat[stat.lastIndexOf(")") + 2] === "Z" ? "" : readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // it ended while we looked
  }
};

/** A folder for one mesh, with everything that is asked of it. */
export class MeshUnderTest {
  readonly data = mkdtempSync(join(tmpdir(), "atoll-e2e-"));
  readonly #urls = new Map<string, string>();
  port = 0;

  async up(...args: readonly string[]): Promise<Ran> {
    if (this.port === 0) this.port = await freePort();
    return atoll("up", "--detach", "--json", "--data", this.data, "--port", String(this.port), ...args);
  }
  run(...args: readonly string[]): Promise<Ran> {
    return atoll(...args, "--json", "--data", this.data);
  }
  document(): ReadyDocument {
    return JSON.parse(readFileSync(join(this.data, "mesh.json"), "utf8")) as ReadyDocument;
  }
  regions(): readonly string[] {
    return this.document().regions.map(({ name }) => name);
  }
  /** The same also while the mesh is down: its ports stay. */
  url(region: string): string {
    let url = this.#urls.get(region);
    if (url === undefined) {
      for (const one of this.document().regions) this.#urls.set(one.name, one.url);
      url = this.#urls.get(region);
    }
    if (url === undefined) throw new Error(`no region ${region}`);
    return url;
  }
  /** What `/readyz?verbose` says, and whether it says yes. */
  async readiness(region: string): Promise<{ readonly ok: boolean; readonly text: string }> {
    try {
      const answer = await fetch(`${this.url(region)}/readyz?verbose`, { signal: AbortSignal.timeout(2_000) });
      return { ok: answer.ok, text: await answer.text() };
    } catch (error) {
      return { ok: false, text: String(error) };
    }
  }
  async ready(region: string): Promise<boolean> {
    return (await this.readiness(region)).ok;
  }
  /** The value of one sample of a region's metrics; 0 when there is none. `labels` as they stand in the text. */
  async metric(region: string, name: string, ...labels: readonly string[]): Promise<number> {
    const text = await (await fetch(`${this.url(region)}/metrics`)).text();
    const line = text.split("\n").find((one) => one.startsWith(`${name}{`) && labels.every((label) => one.includes(label)));
    return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(" ")));
  }
  async person(user: string, ...roles: readonly string[]): Promise<Person> {
    const secret = readFileSync(join(this.data, "secret"), "utf8").trim();
    const { token } = await mintToken(secret, { user, roles, ttlMs: 3_600_000 });
    return new Person(user, token, (region) => this.url(region));
  }
  async verify(): Promise<VerifyReport> {
    return JSON.parse((await this.run("verify")).stdout) as VerifyReport;
  }
  /** Every region is ready and live towards all others, and `verify` says equal. Resolves with its last word. */
  async settled(withinMs = 60_000): Promise<VerifyReport> {
    let last = "";
    let report: VerifyReport | undefined;
    const holds = async (): Promise<boolean> => {
      const { code, stdout } = await this.run("status");
      last = stdout;
      if (code !== 0 || !JSON.parse(stdout).regions.every(({ state }: { readonly state: string }) => state === "live")) return false;
      report = await this.verify();
      last = JSON.stringify(report);
      return report.equal;
    };
    await until("every region is live and all are equal", holds, withinMs).catch((late: Error) => {
      throw new Error(`${late.message}: ${last.slice(0, 2_000)}`);
    });
    return report!;
  }
  /** pids of living processes whose command line names the folder. */
  processes(): readonly number[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .map(Number)
      .filter((pid) => commandLine(pid).includes(this.data));
  }
  /** The living process of a region; undefined while it is down. */
  pid(region: string, kind: Kind): number | undefined {
    const named = join(this.data, region, kind === "program" ? "state" : `${kind}.conf`);
    return this.processes().find((pid) => commandLine(pid).includes(named) && !commandLine(pid).includes(SHARE));
  }
  /** The mesh's own; undefined while it is down. */
  nameServerPid(): number | undefined {
    const list = join(this.data, "topology.json");
    return this.processes().find((pid) => commandLine(pid).includes(`serve\0--role\0geodns\0--topology\0${list}\0`));
  }
  /** Of everything of a region that holds what clients are to be sent. */
  servingPids(region: string): readonly number[] {
    const gateways = this.processes().filter((pid) => commandLine(pid).includes(join(this.data, region, "gateway-")));
    return [this.pid(region, "program") ?? 0, ...gateways];
  }
  /** A living reconciler beside a region's first one. */
  sharePid(region: string): number | undefined {
    return this.processes().find((pid) => commandLine(pid).includes(join(this.data, region, "state")) && commandLine(pid).includes(SHARE));
  }
  /** A living gateway process of a region that has them apart; undefined while it is down. */
  gatewayPid(region: string, nth: number): number | undefined {
    return this.processes().find((pid) => commandLine(pid).includes(join(this.data, region, `gateway-${nth}`)));
  }
  async remove(): Promise<void> {
    await this.run("down");
    await until("the mesh is gone", () => this.processes().length === 0).catch(() => {
      for (const pid of this.processes()) process.kill(pid, "SIGKILL");
    });
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** Waits for a state, not for a time. Resolves with how long it took. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<number> {
  const startMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startMs > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await pause(50);
  }
  return performance.now() - startMs;
}
