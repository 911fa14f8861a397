/** A mesh on this machine from its first `up` to the last process: the real command, real servers, real signals (contract §2, hard parts H10). */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverForTests } from "../servers/nats-tiers.ts";
import { MeshUnderTest, until } from "./atoll.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;

describe.skipIf(server === undefined)("a local mesh", () => {
  const mesh = new MeshUnderTest();
  const ready = (region: string): Promise<boolean> => mesh.ready(region);

  beforeAll(async () => {
    const { code, stdout, stderr } = await mesh.up();
    expect(stderr).not.toContain("failed");
    expect(code).toBe(0);
    expect(mesh.document()).toEqual(JSON.parse(stdout));
  });
  afterAll(() => mesh.remove());

  test("every region is ready, and the secret is for its owner only", async () => {
    for (const region of ["us", "eu", "ap"]) expect(await ready(region)).toBe(true);
    expect(statSync(join(mesh.data, "secret")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(mesh.data, "secret"), "utf8").trim()).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(join(mesh.data, "mesh.json"), "utf8")).not.toContain(readFileSync(join(mesh.data, "secret"), "utf8").trim());
  });

  test("a second up on the same folder is refused in one line, and the first goes on", async () => {
    const { code, stderr } = await mesh.up();
    expect(code).toBe(2);
    expect(stderr.trim().split("\n").at(-1)).toContain("already runs");
    expect(await ready("us")).toBe(true);
  });

  test("H10: a cut is proved, survives the death and the return of a region, and is healed by name", async () => {
    expect(JSON.parse((await mesh.run("cut", "us")).stdout).cut).toEqual([
      ["us", "eu"],
      ["us", "ap"],
    ]);
    expect((await mesh.run("kill", "us")).code).toBe(0);
    expect(await ready("us")).toBe(false);
    expect(await ready("eu")).toBe(true);
    const drill = await mesh.run("drill", "partition", "eu", "--for", "1s");
    expect([drill.code, drill.stderr]).toEqual([3, expect.stringMatching(/us does not answer: ECONNREFUSED .*atoll start us/)]);
    expect((await mesh.run("start", "us")).code).toBe(0);
    expect(await ready("us")).toBe(true);
    expect(JSON.parse((await mesh.run("heal", "us", "ap")).stdout).healed).toEqual([["us", "ap"]]);
    expect(JSON.parse((await mesh.run("heal")).stdout).healed).toEqual([["us", "eu"]]);
  });

  test("a drill that is ended early leaves no cut behind, and one of a mesh that is cut already is refused", async () => {
    const drill = spawn("./atoll", ["drill", "partition", "eu", "--for", "1m", "--data", mesh.data], { stdio: "ignore" });
    const ended = new Promise((done) => drill.once("exit", done));
    const isCut = async (): Promise<boolean> => {
      const { regions } = JSON.parse((await mesh.run("status")).stdout) as { readonly regions: readonly { readonly state: string }[] };
      return regions.some(({ state }) => state === "cut-off");
    };
    await until("eu is cut off", isCut, 60_000);
    const second = await mesh.run("drill", "partition", "us", "--for", "1s");
    expect([second.code, second.stderr]).toEqual([1, expect.stringMatching(/is cut off already.*atoll heal/)]);
    const file = join(mesh.data, "one-line.jsonl");
    writeFileSync(file, '{"channel":"one","user":"ana","text":"Hello"}\n');
    const play = await mesh.run("play", file);
    expect([play.code, play.stderr]).toEqual([1, expect.stringMatching(/is cut off already.*atoll heal/)]);
    drill.kill("SIGTERM");
    expect(await ended).toBe(1);
    expect(JSON.parse((await mesh.run("heal")).stdout).healed).toEqual([]);
    await until("nobody is cut off", async () => !(await isCut()));
  });

  test("H10: what crashes is started again by itself", async () => {
    process.kill(mesh.pid("ap", "program") ?? 0, "SIGKILL");
    await until("ap is down", async () => !(await ready("ap")));
    await until("ap is back", () => ready("ap"));
  });

  test("H10: a supervisor killed -9 leaves nothing for long, and the same folder starts again", async () => {
    process.kill(mesh.document().pid, "SIGKILL");
    expect((await mesh.run("status")).code).toBe(3);
    // What is left is cleared by the warden or, when that comes first, by `up`, which says so.
    expect((await mesh.up()).code).toBe(0);
    process.kill(mesh.document().pid, "SIGKILL");
    await until("the warden has ended all", () => mesh.processes().length === 0);
  });

  test("down stops every process and keeps the data", async () => {
    expect((await mesh.up()).code).toBe(0);
    expect(await mesh.run("down")).toMatchObject({ code: 0, stdout: '{"stopped":true}\n' });
    await until("nothing runs", () => mesh.processes().length === 0);
    expect(existsSync(join(mesh.data, "mesh.json"))).toBe(false);
    expect(existsSync(join(mesh.data, "us", "jetstream"))).toBe(true);
  });

  test("a port that somebody else has is named", async () => {
    const { createServer } = await import("node:net");
    const other = createServer().listen(mesh.port + 1, "127.0.0.1");
    try {
      const { code, stderr } = await mesh.up();
      expect(code).toBe(2);
      expect(stderr).toContain(`port ${mesh.port + 1} is in use`);
    } finally {
      other.close();
    }
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("in the foreground %s ends everything", async (signal) => {
    const child = spawn("./atoll", ["up", "--json", "--data", mesh.data, "--port", String(mesh.port)], {
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
    });
    let out = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    const code = new Promise((done) => child.once("exit", done));
    await until("it is ready", () => out.includes("\n"), 60_000);
    process.kill(-(child.pid ?? 0), signal);
    expect(await code).toBe(0);
    await until("nothing runs", () => mesh.processes().length === 0);
  });
});
