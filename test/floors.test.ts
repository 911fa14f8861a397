/** The walls of the house (ARCHITECTURE.md): imports go down only, drivers live in their rooms, the pure floors hold no clock, no chance and no I/O. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { circlesIn, importsOf } from "./imports.ts";

const ROOT = resolve(import.meta.dirname, "..");

/** Floor -> floors it may import, and packages (Node's own included) it may use. */
const FLOORS: Record<string, { readonly floors: readonly string[]; readonly packages: RegExp; readonly pure: boolean }> = {
  core: { floors: [], packages: /^node:crypto$/, pure: true },
  reconciliation: { floors: ["core"], packages: /^(yjs|diff)$/, pure: true },
  gateway: {
    floors: ["core"],
    packages:
      /^(hono(\/.*)?|@hono\/.*|zod|jose|ws|prom-client|rate-limiter-flexible|lru-cache|httpxy|yjs|y-protocols\/.*|lib0\/.*|node:(http|stream|net|buffer|crypto|fs|path|url))$/,
    pure: false,
  },
  geodns: { floors: ["core"], packages: /^(ipaddr\.js|node:(crypto|dgram|net|events))$/, pure: false },
  regions: { floors: ["core", "reconciliation", "gateway", "geodns"], packages: /./, pure: false },
};
const DRIVERS = /^(nats|lmdb|cassandra-driver|mongodb|ioredis|koffi)$/;
/** What a pure floor may not say: time, chance, timers and I/O are handed in. */
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bset(Timeout|Interval|Immediate)\b|\bfetch\(|\brandomUUID\b|\brandomBytes\b|\bprocess\.|\bperformance\.|\bconsole\./;

const filesOf = (floor: string): string[] =>
  (existsSync(join(ROOT, floor)) ? readdirSync(join(ROOT, floor), { recursive: true, encoding: "utf8" }) : [])
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
    .map((file) => join(ROOT, floor, file));
const isTest = (file: string): boolean => /\.(test|contract|test-model)\.ts$/.test(file);
const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");

describe.each(Object.entries(FLOORS))("the floor %s", (floor, { floors, packages, pure }) => {
  const files = filesOf(floor).filter((file) => !isTest(file));
  const named = (file: string): string => relative(ROOT, file);

  test("has files to look at", () => expect(files.length).toBeGreaterThan(3));

  test("imports only from floors below", () => {
    const wrong = files.flatMap((file) =>
      importsOf(readFileSync(file, "utf8"))
        .filter((from) => from.startsWith("."))
        .map((from) => relative(ROOT, resolve(file, "..", from)).split("/")[0] ?? "")
        .filter((target) => target !== floor && !floors.includes(target) && target !== "package.json")
        .map((target) => `${named(file)} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("uses only its own packages", () => {
    const wrong = files.flatMap((file) =>
      importsOf(readFileSync(file, "utf8"))
        .filter((from) => !from.startsWith(".") && (!packages.test(from) || (floor !== "regions" && DRIVERS.test(from))))
        .map((from) => `${named(file)} imports ${from}`),
    );
    expect(wrong).toEqual([]);
  });

  if (!pure) return;
  test("holds no clock, no chance, no timer and no I/O of its own", () => {
    const wrong = files.flatMap((file) => {
      const found = IMPURE.exec(withoutComments(readFileSync(file, "utf8")));
      return found ? [`${named(file)} says ${found[0]}`] : [];
    });
    expect(wrong).toEqual([]);
  });
});

test("each driver is imported in one folder of regions only", () => {
  const rooms = new Map<string, Set<string>>();
  for (const file of filesOf("regions").filter((one) => !isTest(one)))
    for (const from of importsOf(readFileSync(file, "utf8")))
      if (DRIVERS.test(from)) rooms.set(from, (rooms.get(from) ?? new Set()).add(relative(ROOT, resolve(file, ".."))));
  for (const [driver, folders] of rooms) expect([driver, [...folders]]).toEqual([driver, [[...folders][0]]]);
  expect(rooms.size).toBeGreaterThan(0);
});

test("a circle of imports is found and told by its path, and a wall that only looks like one is none", () => {
  const ring = { a: ["b"], b: ["c", "d"], c: ["d"], d: ["b"] };
  expect(circlesIn(new Map(Object.entries(ring)))).toEqual([["b", "c", "d", "b"]]);
  expect(circlesIn(new Map(Object.entries({ ...ring, d: [] })))).toEqual([]);
});

// Types count too: two files of which each needs the other's types are one thought in two places, and nobody can read one first.
test("no imports go round in a circle, anywhere in the tree", () => {
  const imports = new Map(
    [...Object.keys(FLOORS), "test", "bench"].flatMap(filesOf).map((file) => [
      relative(ROOT, file),
      importsOf(readFileSync(file, "utf8"))
        .filter((from) => from.startsWith("."))
        .map((from) => relative(ROOT, resolve(file, "..", from))),
    ]),
  );
  expect(circlesIn(imports).map((circle) => circle.join(" -> "))).toEqual([]);
  expect(imports.get("gateway/server.ts")).toContain("gateway/context.ts");
});

/** What only Node has, or only a build with types of the page: the client library runs in both. */
const OF_NODE = /\bBuffer\b|\bprocess\.|\brequire\(|\b__dirname\b|\bimport\.meta\b|\bsetImmediate\b|\bglobal\./;
const atRunTime = (text: string): string => text.replace(/(?:^|\n)\s*(?:import|export) type\s[^;]*?;/g, "");

test("the client library reaches nothing that browsers lack: no package, nothing of Node", () => {
  const reached = new Set<string>();
  const outside: string[] = [];
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const from of importsOf(atRunTime(readFileSync(file, "utf8"))))
      if (from.startsWith(".")) visit(resolve(file, "..", from));
      else outside.push(`${relative(ROOT, file)} imports ${from}`);
  };
  visit(join(ROOT, "gateway/client/connect.ts"));
  const said = [...reached].flatMap((file) => {
    const found = OF_NODE.exec(withoutComments(readFileSync(file, "utf8")));
    return found ? [`${relative(ROOT, file)} says ${found[0]}`] : [];
  });
  expect([...outside, ...said]).toEqual([]);
  expect([...reached].filter((file) => relative(ROOT, file).startsWith("core/")).length).toBeGreaterThan(0);
});

test("no file of the house holds two ideas: none is longer than 300 lines", () => {
  const long = [...Object.keys(FLOORS), "test", "bench"].flatMap((floor) =>
    filesOf(floor)
      .map((file) => ({ file: relative(ROOT, file), lines: readFileSync(file, "utf8").split("\n").length }))
      .filter(({ lines }) => lines > 300),
  );
  expect(long).toEqual([]);
});
