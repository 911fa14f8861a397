/** Before and after all test files: the folder of the servers they share. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { LEFT_OUT } from "./left-out.ts";
import { makeRunFolder } from "./run-folder.ts";

export default function setup(): () => void {
  const folder = makeRunFolder();
  return () => {
    for (const name of readdirSync(folder).filter((file) => file.endsWith(".pid"))) end(Number(readFileSync(join(folder, name), "utf8")));
    if (existsSync(join(folder, LEFT_OUT))) sayLoudly([...new Set(readFileSync(join(folder, LEFT_OUT), "utf8").trim().split("\n"))]);
    rmSync(folder, { recursive: true, force: true });
  };
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {} // it has ended already
}

function sayLoudly(lines: readonly string[]): void {
  const rule = "!".repeat(80);
  process.stderr.write(
    `\n${rule}\nSUITES THAT DID NOT RUN, because a real server is missing here:\n${lines.map((line) => `  ${line}\n`).join("")}${rule}\n`,
  );
}
