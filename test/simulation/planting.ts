/** A copy of the tree with one planted bug in it. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Planted } from "./planted-bug.ts";

const ROOT = resolve(import.meta.dirname, "../..");
/** Below node_modules, so that packages resolve from the copy as they do from the tree. */
const GARDEN = join(ROOT, "node_modules", ".cache", "planted");
const ROOMS = ["core", "reconciliation", "gateway", "regions/embedded", "test/simulation"];

/** Returns the folder of the copy. */
export function plant({ name, edits }: Planted): string {
  const garden = join(GARDEN, `${name}-${process.pid}`);
  rmSync(garden, { recursive: true, force: true });
  mkdirSync(garden, { recursive: true });
  for (const room of ROOMS) cpSync(join(ROOT, room), join(garden, room), { recursive: true, filter: (path) => !path.endsWith(".test.ts") });
  cpSync(join(ROOT, "package.json"), join(garden, "package.json"));
  for (const { file, find, replace } of edits) {
    const text = readFileSync(join(garden, file), "utf8");
    const places = text.split(find).length - 1;
    if (places !== 1) throw new Error(`the bug "${name}" does not fit ${file} any more: what it edits is there ${places} times`);
    writeFileSync(
      join(garden, file),
      text.replace(find, () => replace),
    );
  }
  return garden;
}

export const uproot = (garden: string): void => rmSync(garden, { recursive: true, force: true });
