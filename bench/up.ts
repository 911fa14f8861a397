/** How long `atoll up` takes until three regions serve their users: the second start of a folder, everything being installed and built. */
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { head, msSince, ROUNDS, tell } from "./measure.ts";

const ATOLL = resolve(import.meta.dirname, "../atoll");

function atoll(...words: readonly string[]): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(ATOLL, words, { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
    });
    child.once("exit", (code) => (code === 0 ? done(said) : fail(new Error(`atoll ${words[0]} ended with ${code}`))));
  });
}

const folder = await mkdtemp(join(tmpdir(), "atoll-bench-"));
const data = join(folder, "mesh");
const up = ["up", "--detach", "--json", "--data", data, "--port", String(10_000 + randomInt(20_000))];
const down = ["down", "--data", data];
const seconds: number[] = [];
try {
  await atoll(...up); // builds, and makes the folder
  await atoll(...down);
  head("up: from the command to three regions that serve");
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    await atoll(...up);
    seconds.push(msSince(began) / 1000);
    await atoll(...down);
  }
} finally {
  await atoll(...down).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
}
tell([
  {
    name: "up --detach, warm",
    unit: "s",
    ours: seconds,
    floor: [0],
    target: "< 10 s",
    compared: () => "–",
    holds: (ours) => ours < 10,
  },
]);
