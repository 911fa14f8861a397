/** compose.yaml names the versions that the tests run on, and the ports that the code dials; what its region is told is enough to run it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { foreignEnvironment } from "../regions/mesh/own-program.ts";
import { freePort } from "../regions/mesh/ports.ts";
import { steeredTo } from "./e2e/asked.ts";
import { until } from "./e2e/atoll.ts";
import { CASSANDRA_VERSION } from "./servers/java.ts";
import { serverForTests } from "./servers/nats-tiers.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const compose = read("compose.yaml");
const imageOf = (name: string): string | undefined => new RegExp(`image: ${name}:(\\S+)`).exec(compose)?.[1];

test("versions are those of the servers that the tests start", () => {
  expect(imageOf("cassandra")).toBe(CASSANDRA_VERSION);
  expect(imageOf("mongo")).toBe(/mongod (\d+\.\d+\.\d+) out of/.exec(read("test/servers/mongodb.ts"))?.[1]);
  expect(imageOf("redis")).toBe(/the tests run on (\d+\.\d+)\)/.exec(read("docs/stores.md"))?.[1]);
});

test("each part listens on loopback alone, at the port its driver dials when none is named", () => {
  const ports = [...compose.matchAll(/ports: \["([^"]+)"\]/g)].map(([, port]) => port);
  expect(ports.slice(0, 3)).toEqual(["127.0.0.1:9042:9042", "127.0.0.1:27017:27017", "127.0.0.1:6379:6379"]);
  for (const port of compose.matchAll(/ports: \[(.+)\]/g)) for (const one of port[1]!.split(", ")) expect(one).toMatch(/^"127\.0\.0\.1:/);
  expect(read("regions/cassandra/cluster.ts")).toContain(":9042`");
});

test("images are those that the chart names", () => {
  const values = read("deploy/helm/atoll/values.yaml");
  expect(imageOf("nats")).toBe(/^ {2}image: nats:(.+)$/m.exec(values)?.[1]);
  expect(imageOf("atoll")).toBe(/^ {2}tag: "(.+)"$/m.exec(values)?.[1]);
});

const server = await serverForTests();
test.skipIf(server === undefined)(
  "a region and a name server run with what the file tells them, and the one is sent to by the other",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "atoll-compose-"));
    const taken = new Set<number>();
    const [nats, monitor, http, door, dns, beside] = await Promise.all([
      freePort(taken),
      freePort(taken),
      freePort(taken),
      freePort(taken),
      freePort(taken),
      freePort(taken),
    ]);
    const moved = (text: string): string =>
      text
        .replaceAll("8222", String(monitor))
        .replaceAll("4222", String(nats))
        .replaceAll("8800", String(http))
        .replaceAll("8853", String(door))
        .replaceAll("5300", String(dns))
        .replaceAll("//nats:", "//127.0.0.1:");
    const list = /&list '(.+)'/.exec(compose)?.[1] ?? "";
    const told = (service: string): Readonly<Record<string, string>> => {
      const block = new RegExp(`^ {2}${service}:\\n((?: {4}.*\\n)+)`, "m").exec(compose)?.[1] ?? "";
      const pairs = [...block.matchAll(/^ {6}(ATOLL_\w+): (.+)$/gm)].map(([, key, value]) => [
        key,
        moved(/[&*]list/.test(value!) ? list : value!.replaceAll('"', "")),
      ]);
      return Object.fromEntries(pairs) as Record<string, string>;
    };
    const conf = /content: \|\n((?: {6}.*\n)+)/.exec(compose)?.[1] ?? "";
    writeFileSync(join(folder, "nats.conf"), moved(conf).replace('"/data"', JSON.stringify(join(folder, "js"))));
    const children: ChildProcess[] = [];
    const start = (command: string, args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): void =>
      void children.push(spawn(command, args, { env: { ...foreignEnvironment(process.env), ...env }, stdio: "ignore" }));
    const program = ["--import", "tsx", join(ROOT, "regions/cli/main.ts"), "serve"];
    try {
      start(server!.path, ["-c", join(folder, "nats.conf")]);
      start(process.execPath, program, {
        ...told("region"),
        ATOLL_HOST: "127.0.0.1",
        ATOLL_PORT: String(http),
        ATOLL_DATA_DIR: join(folder, "data"),
        // A region's process answers DNS too where a port is named for it.
        ATOLL_DNS_PORT: String(beside),
      });
      start(process.execPath, [...program, "--role", "geodns"], { ...told("name-server"), ATOLL_HOST: "127.0.0.1" });
      const isReady = (port: number): Promise<boolean> =>
        fetch(`http://127.0.0.1:${port}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        );
      await until("both are ready", async () => (await isReady(http)) && (await isReady(door)));
      expect(await steeredTo(dns, "atoll.test", "198.51.100.0")).toBe("here");
      expect(await steeredTo(beside, "atoll.test", "198.51.100.0")).toBe("here");
      const numbers = await (await fetch(`http://127.0.0.1:${http}/metrics`)).text();
      expect(numbers).toMatch(/^atoll_dns_queries_total\{.*region="here".*\} 1$/m);
    } finally {
      for (const child of children.reverse()) child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    }
  },
  60_000,
);

test("docker compose takes the file, where there is one to ask", async (context) => {
  const asked = await run("docker", ["compose", "-f", join(ROOT, "compose.yaml"), "config", "--quiet"]).then(
    () => "",
    (error: { readonly code?: string | number; readonly stderr?: string }) => (error.code === "ENOENT" ? undefined : (error.stderr ?? "")),
  );
  // Docker is nowhere among what a machine must have; a client without the plug-in knows no such command either.
  if (asked === undefined || /unknown|not a docker command/.test(asked)) context.skip();
  expect(asked).toBe("");
});
