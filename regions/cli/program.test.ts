import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jwtVerify } from "jose";
import { expect, test } from "vitest";
import type { Io } from "./answer.ts";
import { COMMANDS } from "./commands.ts";
import { runProgram } from "./program.ts";

async function run(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  let out = "";
  let err = "";
  const io: Io = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    isTerminal: false,
    environment: {},
  };
  return { code: await runProgram(args, io), out, err };
}
const names = COMMANDS.flatMap(({ commands }) => commands.map(({ name }) => name));

test.each(names)("atoll %s explains itself, with an example", async (name) => {
  const { code, out } = await run(name, "--help");
  expect(code).toBe(0);
  expect(out).toContain("Examples:");
});

test("every command of the contract is there", () => {
  const contract =
    "migrate stores up down status token cut heal kill start play verify conflicts audit drill regions webhooks serve config doctor keys".split(
      " ",
    );
  expect([...names].sort()).toEqual([...contract].sort());
});

test.each([
  [["stauts"], "did you mean status"],
  [["status", "--jsn"], "did you mean --json"],
  [["cut"], "missing required argument"],
  [["down", "now"], "too many arguments"],
  [["audit"], "verify"],
  [["token", "--user", "ana", "--secret-file", "/nowhere"], "cannot read /nowhere"],
  [["serve", "--role", "geodns"], "atoll_topology is missing"],
  [["serve", "--role", "geodnss", "--topology", "list.json"], "atoll_roles"],
])("%j is wrong usage: exit 2 and a hint", async (args, hint) => {
  const { code, out, err } = await run(...args);
  expect(code).toBe(2);
  expect(err.toLowerCase()).toContain(hint);
  expect(out).toBe("");
});

test.each([
  [["stauts", "--json"], { message: "unknown command 'stauts'", hint: "Did you mean status?" }],
  [["status", "--json", "--urk", "x"], { message: "unknown option '--urk'", hint: "Did you mean --url?" }],
  [["token", "--json", "--usr", "ana"], { message: "unknown option '--usr'", hint: "Did you mean --user?" }],
  [["cut", "--json"], { message: "missing required argument 'region'" }],
  [["token", "--json"], { message: "required option '--user <user>' not specified" }],
  [["audit", "export", "--json"], { message: "missing required argument 'file'" }],
])("%j: wrong usage is one document too", async (args, error) => {
  const { code, out } = await run(...args);
  expect([code, JSON.parse(out)]).toEqual([2, { error }]);
});

test("a token of any mesh can be made with the secret that lies in a file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "atoll-cli-"));
  try {
    const file = join(folder, "auth-secret");
    writeFileSync(file, "0123456789abcdef0123456789abcdef\n");
    const { code, out } = await run("token", "--user", "ops", "--role", "operator", "--secret-file", file);
    expect(code).toBe(0);
    const { payload } = await jwtVerify(out.trim(), new TextEncoder().encode("0123456789abcdef0123456789abcdef"));
    expect(payload).toMatchObject({ sub: "ops", roles: ["operator"] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("without a mesh, commands that need one end with 3 and say how to start it, also as JSON", async () => {
  const data = mkdtempSync(join(tmpdir(), "atoll-cli-"));
  try {
    for (const args of [
      ["status"],
      ["verify"],
      ["conflicts"],
      ["cut", "us"],
      ["token", "--user", "ana"],
      ["regions", "explain", "--ip", "192.0.2.1"],
    ]) {
      const { code, out, err } = await run(...args, "--data", data, "--json");
      expect([args[0], code]).toEqual([args[0], 3]);
      expect(err).toContain("atoll up");
      expect(JSON.parse(out)).toHaveProperty("error.message");
    }
    expect(await run("down", "--data", data, "--json")).toMatchObject({ code: 0, out: '{"stopped":true}\n' });
  } finally {
    rmSync(data, { recursive: true });
  }
});

test("a drill that could not be one is refused before anything is cut", async () => {
  for (const [wrong, ...args] of [
    ["--for 20", "us", "--for", "20"],
    ["--for 2h", "us", "--for", "2h"],
    ["--load 0", "us", "--load", "0"],
    ["--load many", "us", "--load", "many"],
  ] as const) {
    const { code, err } = await run("drill", "partition", ...args);
    expect([wrong, code]).toEqual([wrong, 2]);
    expect(err).toContain(wrong);
  }
});

test("an unsound configuration is told line by line, and exit 1", async () => {
  const { code, out } = await run("config", "check", "--json");
  expect(code).toBe(1);
  expect(JSON.parse(out).problems.map(({ key }: { key: string }) => key)).toEqual(["ATOLL_REGION", "ATOLL_TOPOLOGY", "ATOLL_MESH_SECRET"]);
});
