/** What `npm pack` ships, so that `npx atoll up` finds all it needs and carries nothing else. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { atoll } from "./e2e/atoll.ts";
import { importsOf } from "./imports.ts";

const ROOT = join(import.meta.dirname, "..");
interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
const build = JSON.parse(readFileSync(join(ROOT, "tsconfig.build.json"), "utf8")) as { readonly include: readonly string[] };

/** The list of the program's own sources: what the build takes. */
const sources = build.include.flatMap((floor) =>
  readdirSync(join(ROOT, floor), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/\.(test|contract|test-model)\.ts$/.test(file))
    .map((file) => `${floor}/${file}`),
);

/** Declarations that whoever imports `atoll/client` is led to. */
function typesOfClient(): readonly string[] {
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const from of importsOf(readFileSync(join(ROOT, file), "utf8"))) if (from.startsWith(".")) visit(join(file, "..", from));
  };
  visit("gateway/client/connect.ts");
  return [...reached].map((file) => `dist/${file.replace(/\.ts$/, ".d.ts")}`);
}

test("the package holds the whole program as built, with what says what it is, and nothing else", async () => {
  expect((await atoll("--version")).code).toBe(0); // it is built
  const { stdout } = await promisify(execFile)("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: ROOT });
  const [packed] = JSON.parse(stdout) as readonly { readonly files: readonly { readonly path: string }[] }[];
  const paths = packed!.files.map(({ path }) => path);
  expect(paths.filter((path) => !path.startsWith("dist/")).sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
  expect(paths.filter((path) => path.startsWith("dist/") && !/\.js$|^dist\/(core|gateway)\/.*\.d\.ts$/.test(path))).toEqual([]);
  expect(typesOfClient().filter((path) => !paths.includes(path))).toEqual([]);
  expect(sources.map((file) => `dist/${file.replace(/\.ts$/, ".js")}`).filter((path) => !paths.includes(path))).toEqual([]);
  expect(paths).toContain(manifest.bin["atoll"]);
});

test("whatever the program imports is installed with it", () => {
  const named = new Set(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }));
  const used = sources.flatMap((file) =>
    importsOf(readFileSync(join(ROOT, file), "utf8")).filter((from) => !from.startsWith(".") && !from.startsWith("node:")),
  );
  const packages = new Set(used.map((from) => from.split("/", from.startsWith("@") ? 2 : 1).join("/")));
  // Only where the sources run as they are, from a checkout.
  packages.delete("tsx");
  expect([...packages].filter((name) => !named.has(name))).toEqual([]);
  expect([...named].filter((name) => !packages.has(name))).toEqual([]);
});
