// What both proofs say to a Terraform or OpenTofu of any kind: where it looks for a provider by its source, and how it finds one in a folder instead.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The program under proof: `ATOLL_TERRAFORM=tofu` for OpenTofu. */
export const TERRAFORM = process.env.ATOLL_TERRAFORM ?? "terraform";

/**
 * A mirror in the folder `work` for one provider, "owner/name", of that version. Returns the folder its program belongs into; from then on
 * `work/cli.rc` (TF_CLI_CONFIG_FILE) leads the program there. Which registry a source is short for differs from program to program: it is asked.
 */
export function mirrorFor(work, provider, version) {
  const probe = join(work, "probe");
  mkdirSync(probe);
  writeFileSync(join(probe, "main.tf"), 'terraform {\n  required_providers {\n    x = { source = "a/b" }\n  }\n}\n');
  const said = spawnSync(TERRAFORM, ["providers"], {
    cwd: probe,
    encoding: "utf8",
    env: { ...process.env, TF_CLI_CONFIG_FILE: "/dev/null" },
  }).stdout;
  const host = /provider\[([^/\]]+)\/a\/b\]/.exec(said)[1];
  const folder = join(work, "mirror", host, ...provider.split("/"), version, `linux_${process.arch === "x64" ? "amd64" : process.arch}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(work, "cli.rc"), `provider_installation {\n  filesystem_mirror {\n    path = "${join(work, "mirror")}"\n  }\n}\n`);
  return folder;
}
