/** Every law of docs/laws.md is held by a test that names it, or says which version brings it. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const ROOMS = ["core", "reconciliation", "gateway", "geodns", "regions", "test"];

const laws = [...readFileSync(join(ROOT, "docs/laws.md"), "utf8").matchAll(/^### ([TSLPA]\d) .*\n+([^#]*)/gm)].map((found) => ({
  id: found[1] ?? "",
  later: /[Cc]omes? with 0\.\d/.test(found[2] ?? ""),
}));
const titles = ROOMS.flatMap((room) =>
  readdirSync(join(ROOT, room), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(test|contract)\.ts$/.test(file) && !file.endsWith("laws.test.ts"))
    .flatMap((file) =>
      [...readFileSync(join(ROOT, room, file), "utf8").matchAll(/\b(?:test|it|describe)(?:\.\w+(?:\([^)]*\))?)*\(\s*["'`]([^"'`]*)/g)].map(
        (found) => found[1] ?? "",
      ),
    ),
);

test("there are laws and titles to look at", () => {
  expect(laws.length).toBeGreaterThan(20);
  expect(titles.length).toBeGreaterThan(50);
});

test.each(laws.filter(({ later }) => !later).map(({ id }) => id))("law %s is named by a test", (id) => {
  expect(titles.filter((title) => new RegExp(`\\b${id}\\b`).test(title))).not.toEqual([]);
});
