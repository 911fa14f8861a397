/**
 * The image, as far as it can be proved without a Docker engine: what the Dockerfile says is read, and the last stage's folder is put together by
 * its own COPY lines and run, so that a file or a package that would be missing there is missing here.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { steeredTo } from "./e2e/asked.ts";
import { atoll } from "./e2e/atoll.ts";
import { run } from "./terraform/terraform.ts";
import { toolForTests } from "./terraform/tools.ts";

const ROOT = join(import.meta.dirname, "..");
const checkov = await toolForTests("checkov");

interface Line {
  readonly word: string;
  readonly rest: string;
}
/** Lines of the Dockerfile by stage, comments left out. */
const stages: readonly (readonly Line[])[] = readFileSync(join(ROOT, "Dockerfile"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line): Line => {
    const [word = "", ...rest] = line.split(" ");
    return { word, rest: rest.join(" ") };
  })
  .reduce<Line[][]>((all, line) => {
    if (line.word === "FROM") all.push([]);
    all.at(-1)?.push(line);
    return all;
  }, []);
const last = stages.at(-1) ?? [];
const said = (word: string): readonly string[] => last.filter((line) => line.word === word).map(({ rest }) => rest);
const list = (text: string | undefined): readonly string[] => JSON.parse(/\[.*\]$/.exec(text ?? "[]")![0]) as string[];

test("the image is made in two stages, runs as nobody special, and says whether it is well", () => {
  expect(stages.length).toBe(2);
  const order = last.map(({ word }) => word);
  expect(said("USER")).toEqual(["10001:10001"]);
  expect(order.indexOf("USER")).toBeGreaterThan(order.lastIndexOf("RUN"));
  for (const word of ["HEALTHCHECK", "ENTRYPOINT", "CMD", "STOPSIGNAL", "VOLUME"]) expect(said(word)).toHaveLength(1);
  for (const [base] of stages) expect(base?.rest).toMatch(/^node:20\.\d+-bookworm-slim( AS build)?$/);
  const chart = readFileSync(join(ROOT, "deploy/helm/atoll/templates/_parts.tpl"), "utf8");
  expect(chart).toContain("runAsUser: 10001");
});

test("every file that is copied from the checkout is there, and .dockerignore lets it in; nothing else, no key among it", () => {
  const copied = stages
    .flat()
    .flatMap(({ word, rest }) => (word === "COPY" && !rest.startsWith("--from") ? rest.split(" ").slice(0, -1) : []));
  const allowed = readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n");
  expect(allowed).toContain("*");
  for (const one of copied) expect([one, existsSync(join(ROOT, one)), allowed.includes(`!${one}`)]).toEqual([one, true, true]);
  expect(
    allowed
      .filter((line) => line.startsWith("!"))
      .map((line) => line.slice(1))
      .sort(),
  ).toEqual([...new Set(copied)].sort());
});

test.skipIf(checkov === undefined)(
  "checkov has nothing to say; a container that runs as root is found",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "atoll-image-lint-"));
    const check = async (text: string): Promise<number> => {
      writeFileSync(join(folder, "Dockerfile"), text);
      return (await run(checkov!, ["-f", "Dockerfile", "--framework", "dockerfile", "--quiet", "--compact", "--skip-download"], folder))
        .code;
    };
    const text = readFileSync(join(ROOT, "Dockerfile"), "utf8");
    expect(await check(text)).toBe(0);
    expect(await check(text.replace("USER 10001:10001\n", "USER root\n"))).not.toBe(0);
    rmSync(folder, { recursive: true });
  },
  120_000,
);

describe("the last stage's folder", () => {
  const home = mkdtempSync(join(tmpdir(), "atoll-image-"));
  const entry = list(said("ENTRYPOINT")[0]).map((word) => word.replace("/opt/atoll", home));
  const clean = { PATH: process.env["PATH"] };
  let server: ChildProcess | undefined;
  afterAll(() => {
    server?.kill("SIGKILL");
    rmSync(home, { recursive: true });
  });

  /** What `npm prune --omit=dev` leaves. */
  function production(): readonly string[] {
    const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
      readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
    };
    return Object.entries(packages).flatMap(([path, { dev, devOptional }]) => (path === "" || dev || devOptional ? [] : [path]));
  }
  beforeAll(async () => {
    expect((await atoll("--version")).code).toBe(0); // it is built
    const froms = said("COPY")
      .map((rest) => /^--from=build \/build\/(\S+) (\S+)$/.exec(rest))
      .filter((found) => found !== null);
    expect(froms).toHaveLength(3);
    for (const [, from = "", to = ""] of froms) {
      if (from !== "node_modules") cpSync(join(ROOT, from), join(home, to === "./" ? from : to), { recursive: true });
      else
        for (const path of production())
          if (existsSync(join(ROOT, path))) {
            mkdirSync(join(home, path, ".."), { recursive: true });
            // Packages within packages stand in the list of their own.
            cpSync(join(ROOT, path), join(home, path), {
              recursive: true,
              filter: (one) => !one.slice(join(ROOT, path).length).includes("/node_modules"),
            });
          }
    }
  }, 120_000);

  const call = (...args: readonly string[]) => run(entry[0]!, [...entry.slice(1), ...args], home, clean);

  test("runs every command, and the command that it starts with says what it lacks", async () => {
    const version = (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly version: string }).version;
    expect((await call("--version")).out.trim()).toBe(version);
    const { code, out } = await call(...list(said("CMD")[0]));
    expect(code).toBe(2);
    expect(out).toContain("ATOLL_REGION is missing");
    // Everything that a region's process loads is there without the packages of development.
    const loaded = await run(
      entry[0]!,
      ["-e", `import(${JSON.stringify(join(home, "dist/regions/serve.js"))}).then(() => console.log("loaded"))`],
      home,
      clean,
    );
    expect(loaded.out.trim()).toBe("loaded");
  });

  test("as the name server it answers, and its health check says yes while it lives and no afterwards", async () => {
    const topology = JSON.stringify({
      zone: "atoll.test",
      regions: [{ name: "us", url: "http://127.0.0.1:9", ws: "ws://127.0.0.1:9", latitude: 0, longitude: 0 }],
    });
    server = spawn(entry[0]!, [...entry.slice(1), "serve", "--role", "geodns"], {
      cwd: home,
      env: { ...clean, ATOLL_TOPOLOGY: topology, ATOLL_HOST: "127.0.0.1", ATOLL_PORT: "0", ATOLL_DNS_PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let ready: { readonly port: number; readonly http: number } | undefined;
    for await (const line of createInterface(server.stdout!)) {
      ready = JSON.parse(line) as { readonly port: number; readonly http: number };
      if (line.includes("geodns.ready")) break;
    }
    expect(await steeredTo(ready!.port, "atoll.test", "198.51.100.0")).toBe("us");
    const [program = "", ...args] = list(said("HEALTHCHECK")[0]);
    const healthy = async (): Promise<number> => (await run(program, args, home, { ...clean, ATOLL_PORT: String(ready!.http) })).code;
    expect(await healthy()).toBe(0);
    const gone = once(server, "exit");
    server.kill("SIGTERM");
    expect((await gone)[0]).toBe(0);
    expect(await healthy()).toBe(1);
  });
});
