import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fewFiles, openFilesMost } from "./open-files.ts";

test("how many files may be open is read as Linux tells it, and too few are said", () => {
  const folder = mkdtempSync(join(tmpdir(), "atoll-limits-"));
  const limits = join(folder, "limits");
  const say = (most: string): void =>
    writeFileSync(limits, `Limit   Soft Limit   Hard Limit   Units\nMax open files            ${most}    ${most}    files\n`);
  say("128");
  expect(openFilesMost(limits)).toBe(128);
  expect(fewFiles(openFilesMost(limits))).toMatch(/128 open files here.*needs 256/);
  say("1024");
  expect(fewFiles(openFilesMost(limits))).toBeUndefined();
  say("unlimited");
  expect(openFilesMost(limits)).toBeUndefined();
  expect(openFilesMost(join(folder, "none"))).toBeUndefined();
  rmSync(folder, { recursive: true });
});
