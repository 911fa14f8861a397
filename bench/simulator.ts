/** Seeds of the simulator a second on this machine, and what ten thousand would take. */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { head, msSince, ROUNDS, shown, sizeOf } from "./measure.ts";

const ROOT = resolve(import.meta.dirname, "..");
const SEEDS = sizeOf(1_000, 200);
const WANTED_S = 600;

head("simulator: npm run simulate");
const seconds: number[] = [];
for (let round = 0; round < Math.min(ROUNDS, 3); round += 1) {
  const began = performance.now();
  const words = ["--import", "tsx", "test/simulation/main.ts", "--seeds", String(SEEDS), "--from", String(1 + round * SEEDS)];
  const child = spawn(process.execPath, words, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  await new Promise((done) => child.once("exit", done));
  seconds.push(msSince(began) / 1000);
}
const [middle = Number.NaN] = seconds.sort((a, b) => a - b).slice(Math.floor(seconds.length / 2));
const tenThousand = (middle * 10_000) / SEEDS;
console.log(
  `${SEEDS} seeds in ${seconds.map(shown).join(" / ")} s; 10,000 would take ${shown(tenThousand)} s (target ${WANTED_S} s): ${tenThousand <= WANTED_S ? "holds" : "MISSED"}`,
);
