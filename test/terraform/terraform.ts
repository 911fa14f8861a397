/** Terraform (or OpenTofu) as tests run it: a copy of the project's modules in a folder of its own, nothing fetched, nothing kept. */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toolForTests } from "./tools.ts";

export const TERRAFORM = fileURLToPath(new URL("../../terraform", import.meta.url));
let program = process.env["ATOLL_TERRAFORM"] ?? "terraform";

export interface Ran {
  readonly code: number;
  readonly out: string;
}

/** Runs a program to its end; what it says on both channels together. */
export function run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = process.env): Promise<Ran> {
  return new Promise((done) => {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    const hear = (chunk: Buffer): void => {
      out += chunk.toString("utf8");
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", (error) => done({ code: -1, out: error.message }));
    child.once("close", (code) => done({ code: code ?? -1, out }));
  });
}

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  TF_CLI_CONFIG_FILE: "/dev/null",
  CHECKPOINT_DISABLE: "1",
  TF_IN_AUTOMATION: "1",
});
const PLAIN: readonly string[] = ["plan", "apply", "destroy", "init", "validate", "test", "output", "fmt"];

/** One command in a folder. `show -json` and the like give their output as it is. */
export const terraform = (cwd: string, command: string, ...args: readonly string[]): Promise<Ran> =>
  run(program, [command, ...(PLAIN.includes(command) && !args.includes("-json") ? ["-no-color"] : []), ...args], cwd, environment());

/** Whether there is one, or OpenTofu instead. Where CI is set OpenTofu is built, and its lack is a failure; on a laptop it is said loudly. */
export async function terraformForTests(): Promise<boolean> {
  const { code } = await run(program, ["version"], ".", environment());
  if (code === 0) return true;
  console.warn(`${program} is missing: install Terraform 1.7 or newer, or name OpenTofu with ATOLL_TERRAFORM=tofu`);
  const tofu = await toolForTests("tofu");
  program = tofu ?? program;
  return tofu !== undefined;
}

/** What is run as Terraform, after `terraformForTests`. */
export const terraformProgram = (): string => program;

/** A copy of `terraform/`, so that nothing is written into the checkout. */
export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), "atoll-terraform-"));
  constructor() {
    cpSync(TERRAFORM, join(this.folder, "terraform"), {
      recursive: true,
      filter: (path) => !/\.terraform|tfstate|\/(run|keys)$/.test(path),
    });
  }
  path(...parts: readonly string[]): string {
    return join(this.folder, "terraform", ...parts);
  }
  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
