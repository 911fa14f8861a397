/** `npm run bench`: every benchmark, briefly, one after the other. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const NAMES = [
  "up",
  "accept",
  "delivery",
  "heal",
  "reconcile",
  "replica",
  "merge",
  "catch-up",
  "fan-out",
  "history",
  "lmdb",
  "memory",
  "routes",
  "geodns",
  "simulator",
];
let failed = 0;
for (const name of NAMES) {
  const file = join(import.meta.dirname, `${name}.ts`);
  if (!existsSync(file)) continue;
  const child = spawn(process.execPath, ["--expose-gc", "--import", "tsx", file, "--brief"], { stdio: "inherit" });
  const code = await new Promise<number | null>((done) => child.once("exit", done));
  if (code !== 0) {
    failed += 1;
    console.log(`${name} ended with ${code}`);
  }
}
process.exitCode = failed === 0 ? 0 : 1;
