/** Regions as processes of this machine, made, changed, healed and removed by Terraform for real. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { VerifyReport } from "../../core/ports/boards.ts";
import { mintToken } from "../../regions/cli/mint.ts";
import { ensureKeys } from "../../regions/keys/key-folder.ts";
import { serverForTests } from "../../regions/nats/test-tiers.ts";
import { parseTopology } from "../../regions/topology.ts";
import { until } from "../e2e/atoll.ts";
import { terraform, terraformForTests, Workspace } from "./terraform.ts";

const server = existsSync("/proc/self/stat") && (await terraformForTests()) ? await serverForTests() : undefined;
const ATOLL = fileURLToPath(new URL("../../atoll", import.meta.url));
const FIRST = ["us", "eu", "ap"] as const;

const free = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const one = createServer()
      .once("error", () => done(false))
      .listen(port, "127.0.0.1", () => one.close(() => done(true)));
  });
async function freePorts(count: number, from: number, to: number): Promise<number> {
  for (;;) {
    const port = from + Math.floor(Math.random() * (to - from - count));
    const all = await Promise.all(Array.from({ length: count }, (_, i) => free(port + i)));
    if (all.every(Boolean)) return port;
  }
}

describe.skipIf(server === undefined)("a mesh on this machine by terraform apply", () => {
  const work = new Workspace();
  const example = work.path("examples", "local-three-regions");
  const list = join(example, "regions.json");
  const run = join(work.folder, "run");
  const keys = join(work.folder, "keys");
  let port: number;
  let args: readonly string[];

  interface Entry {
    readonly name: string;
    readonly retired?: boolean;
  }
  /** The list of regions is what operators edit; keys of what is new are made, nobody else's change. */
  async function write(...regions: readonly Entry[]): Promise<void> {
    const entries = regions.map(({ name, retired = false }, index) => ({
      ...{ name, index, retired, url: `http://127.0.0.1:${port + index}`, ws: `ws://127.0.0.1:${port + index}/v1/connect` },
      ...{ latitude: index, longitude: index },
    }));
    const text = JSON.stringify({ zone: "atoll.test", regions: entries });
    await ensureKeys({ topology: parseTopology(text), folder: keys, tls: false });
    writeFileSync(list, text);
  }
  const apply = () => terraform(example, "apply", "-auto-approve", "-input=false", ...args);
  const plan = () => terraform(example, "plan", "-detailed-exitcode", "-input=false", ...args);
  const pid = (region: string, what: string): number => Number(readFileSync(join(run, region, `${what}.pid`), "utf8"));
  const pids = (): readonly number[] => FIRST.flatMap((region) => ["gateway", "jetstream", "program"].map((what) => pid(region, what)));
  const ours = (): readonly string[] =>
    readdirSync("/proc").filter((name) => {
      try {
        return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(`${run}/`);
      } catch {
        return false;
      }
    });
  async function verify(): Promise<VerifyReport> {
    const secret = readFileSync(join(keys, "mesh", "auth-secret"), "utf8").trim();
    const { token } = await mintToken(secret, { user: "operator", roles: ["operator"], ttlMs: 600_000 });
    const answer = await fetch(`http://127.0.0.1:${port}/v1/verify`, { headers: { authorization: `Bearer ${token}` } });
    return (await answer.json()) as VerifyReport;
  }

  beforeAll(async () => {
    port = await freePorts(4, 10_000, 19_000);
    const base = await freePorts(100, 20_000, 31_000);
    args = Object.entries({ run_dir: run, keys_dir: keys, base_port: base, nats_server: server!.path, atoll: ATOLL }).flatMap(
      ([name, value]) => ["-var", `${name}=${value}`],
    );
    await write(...FIRST.map((name) => ({ name })));
    expect((await terraform(example, "init", "-input=false")).code).toBe(0);
  });
  afterAll(async () => {
    await terraform(example, "destroy", "-auto-approve", ...args);
    for (const one of ours()) process.kill(Number(one), "SIGKILL");
    work.remove();
  });

  test("three regions are applied and serve, and there is nothing left to do", async () => {
    const startMs = performance.now();
    const { code, out } = await apply();
    expect(code, out).toBe(0);
    const seconds = (performance.now() - startMs) / 1_000;
    console.log(`three regions applied in ${seconds.toFixed(1)} s`);
    expect(seconds).toBeLessThan(90);
    expect((await plan()).code).toBe(0);
    expect((await verify()).equal).toBe(true);
  }, 180_000);

  test("a fourth region is one entry: only its own resources are made, and it equals the others", async () => {
    const before = pids();
    await write(...FIRST.map((name) => ({ name })), { name: "sa" });
    const startMs = performance.now();
    const { code, out } = await apply();
    expect(code, out).toBe(0);
    const seconds = (performance.now() - startMs) / 1_000;
    console.log(`a fourth region applied in ${seconds.toFixed(1)} s`);
    expect(seconds).toBeLessThan(60);
    expect(out).toMatch(/Resources: 6 added, 0 changed, 0 destroyed/);
    expect(pids()).toEqual(before);
    const { equal, regions } = await verify();
    expect(equal).toBe(true);
    expect(Object.keys(regions)).toContain("sa");
  }, 180_000);

  test("what is killed or changed by hand is seen in the plan and healed, that process alone", async () => {
    const before = pids();
    process.kill(pid("eu", "jetstream"), "SIGKILL");
    await until("it is dead", () => !existsSync(`/proc/${before[4]}`));
    writeFileSync(join(run, "sa", "gateway.conf"), "changed by hand");
    expect((await plan()).code).toBe(2);
    const { code, out } = await apply();
    expect(code, out).toBe(0);
    expect((await plan()).code).toBe(0);
    expect(pids().filter((one, i) => one !== before[i])).toEqual([pid("eu", "jetstream")]);
    await until("all are equal again", async () => (await verify()).equal);
  }, 180_000);

  test("secrets are in no state and in no log", async () => {
    const secret = readFileSync(join(keys, "mesh", "link-secret"), "utf8").trim();
    const seeds = readFileSync(join(keys, "us", "jetstream.secrets.conf"), "utf8").match(/SU[A-Z2-7]{56}/g) ?? [];
    expect(seeds.length).toBe(1);
    const told = [readFileSync(join(example, "terraform.tfstate"), "utf8"), readFileSync(join(run, "us", "program.log"), "utf8")];
    for (const one of [secret, ...seeds]) for (const text of told) expect(text).not.toContain(one);
  });

  test("without keys the plan says which command makes them", async () => {
    const { code, out } = await terraform(example, "plan", "-input=false", ...args, "-var", `keys_dir=${join(work.folder, "nowhere")}`);
    expect(code).toBe(1);
    expect(out).toMatch(/atoll\s+keys\s+--topology/);
  });

  test("a retired region is removed and the others are not touched; its disk stays", async () => {
    const before = pids();
    await write(...FIRST.map((name) => ({ name })), { name: "sa", retired: true });
    const { code, out } = await apply();
    expect(code, out).toBe(0);
    expect(out).toMatch(/Resources: 0 added, 0 changed, 6 destroyed/);
    expect(pids()).toEqual(before);
    expect(existsSync(join(run, "sa", "state", "store", "data.mdb"))).toBe(true);
    await until("three are equal", async () => (await verify()).equal);
  }, 120_000);

  test("destroy leaves no process", async () => {
    const { code, out } = await terraform(example, "destroy", "-auto-approve", ...args);
    expect(code, out).toBe(0);
    expect(ours()).toEqual([]);
  }, 120_000);
});
