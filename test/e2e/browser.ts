/** A real Chromium for stories that a person sees. In CI a machine that has none installs the system's package; on a laptop the story is left out, loudly. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

function found(): string | undefined {
  const named = process.env["ATOLL_CHROMIUM"];
  if (named !== undefined) return named;
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(Boolean);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => existsSync(path));
}

/** The path of a browser; undefined where there is none and none is to be installed. */
export function browserForTests(): string | undefined {
  const path = found();
  if (path !== undefined) return path;
  if (!process.env["CI"]) {
    console.warn("SKIPPED: no Chromium found: install one (Debian: apt-get install chromium), or name it by ATOLL_CHROMIUM");
    return undefined;
  }
  execFileSync("apt-get", ["update", "-qq"], { stdio: "ignore" });
  execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], { stdio: "ignore" });
  const installed = found();
  if (installed === undefined) throw new Error("Chromium was installed and is not on PATH");
  return installed;
}

/** Without the sandbox, which root has no right to in a container; it only ever sees pages of the mesh under test. */
export const openBrowser = (executablePath: string): Promise<Browser> => chromium.launch({ executablePath, args: ["--no-sandbox"] });
