/**
 * `npm run nats-versions [-- 2.12.15 …]`: the stories of a whole mesh on one server after another. Each is built with Go where it is not in
 * Atoll's cache yet, and named to everything by ATOLL_NATS_SERVER. Ends with 1 when a story fails on any of them. docs/nats-versions.md holds the table.
 */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { cachedServer, inspect } from "../regions/nats/server-binary.ts";

/** The last is for trying things out only: its acks are not durable. */
const VERSIONS = ["2.10.27", "2.12.15", "2.14.9", "2.15.2", "2.9.10"];
const ROOT = resolve(import.meta.dirname, "..");
/** Up, cut, write on both sides, heal, verify, restore; kill, start and crash of every part; a region that dies while it heals; the servers' own seam. */
const STORIES = ["test/e2e/tour.test.ts", "test/e2e/mesh.test.ts", "test/e2e/healing.test.ts", "regions/nats"];

interface Ran {
  readonly version: string;
  readonly passed: number;
  readonly failed: readonly string[];
  readonly seconds: number;
}

const run = (command: string, args: readonly string[], env: Readonly<Record<string, string>>, silent: boolean): Promise<number> =>
  new Promise((done, fail) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ["ignore", silent ? "ignore" : "inherit", "inherit"],
    });
    child.once("error", fail);
    child.once("exit", (code) => done(code ?? 1));
  });

async function serverOf(version: string): Promise<string> {
  const path = cachedServer(process.env, version);
  if ((await inspect(path, "named")) !== undefined) return path;
  console.log(`building nats-server ${version}`);
  await mkdir(dirname(path), { recursive: true });
  const settings = { GOBIN: dirname(path), GOTOOLCHAIN: "local", CGO_ENABLED: "0" };
  const what = `github.com/nats-io/nats-server/v2@v${version}`;
  if ((await run("go", ["install", "-trimpath", "-ldflags", "-s -w", what], settings, false)) !== 0)
    throw new Error(`nats-server ${version} could not be built`);
  return path;
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

async function storiesOn(version: string): Promise<Ran> {
  const server = await serverOf(version);
  const folder = await mkdtemp(join(tmpdir(), "atoll-versions-"));
  const file = join(folder, "report.json");
  const startedMs = performance.now();
  const vitest = join(ROOT, "node_modules/.bin/vitest");
  const code = await run(
    vitest,
    ["run", ...STORIES, "--reporter=json", `--outputFile=${file}`],
    { ATOLL_NATS_SERVER: server, CI: "1" },
    true,
  );
  const { testResults } = JSON.parse(await readFile(file, "utf8")) as Report;
  await rm(folder, { recursive: true, force: true });
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests
    .filter(({ status }) => status === "failed")
    .map(({ fullName, failureMessages }) => `${fullName}\n    ${(failureMessages[0] ?? "").slice(0, 400)}`);
  const unread = testResults.filter(({ message, assertionResults }) => message !== "" && assertionResults.length === 0);
  const broken = unread.map(({ name, message }) => `${name}: ${message.slice(0, 400)}`);
  if (code !== 0 && failed.length + broken.length === 0) broken.push(`vitest ended with ${code}`);
  return {
    version,
    passed: tests.filter(({ status }) => status === "passed").length,
    failed: [...failed, ...broken],
    seconds: Math.round((performance.now() - startedMs) / 1_000),
  };
}

const asked = process.argv.slice(2);
for (const version of asked.length > 0 ? asked : VERSIONS) {
  const { passed, failed, seconds } = await storiesOn(version);
  console.log(`nats-server ${version.padEnd(8)} ${passed} passed, ${failed.length} failed in ${seconds} s`);
  for (const one of failed) console.log(`  ${one}`);
  if (failed.length > 0 || passed === 0) process.exitCode = 1;
}
