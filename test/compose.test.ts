/** compose.yaml names the versions that the tests run on, and the ports that the code dials. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { CASSANDRA_VERSION } from "./servers/java.ts";

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
  expect(ports).toEqual(["127.0.0.1:9042:9042", "127.0.0.1:27017:27017", "127.0.0.1:6379:6379"]);
  expect(read("regions/cassandra/session.ts")).toContain(":9042`");
});

test("docker compose takes the file, where there is one to ask", async (context) => {
  const asked = await run("docker", ["compose", "-f", join(ROOT, "compose.yaml"), "config", "--quiet"]).then(
    () => "",
    (error: { readonly code?: string | number; readonly stderr?: string }) => (error.code === "ENOENT" ? undefined : (error.stderr ?? "")),
  );
  // Docker is nowhere among what a machine must have; a client without the plug-in knows no such command either.
  if (asked === undefined || /unknown|not a docker command/.test(asked)) context.skip();
  expect(asked).toBe("");
});
