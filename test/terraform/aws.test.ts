/** The AWS modules against the schema of the real provider and a stand-in for the cloud: what `npm run terraform:aws` does, in CI too. Never a real account. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { run, terraformForTests, terraformProgram } from "./terraform.ts";

const PROVE = fileURLToPath(new URL("../../terraform/tests/aws/prove.mjs", import.meta.url));
const kept = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "atoll", "aws", "schema.json");
const there = (await terraformForTests()) && (process.env["CI"] !== undefined || existsSync(kept));
if (!there) console.warn("SKIPPED: the AWS modules; npm run terraform:aws fetches the provider's bindings (37 MB) and runs them");

test.skipIf(!there)(
  "they are planned and applied; a region more only creates, a drained one withdraws one record, what is deleted is seen, a typo is refused",
  async () => {
    const { code, out } = await run(process.execPath, [PROVE], ".", { ...process.env, ATOLL_TERRAFORM: terraformProgram() });
    expect(code, out).toBe(0);
    console.log(out.trim());
  },
  400_000,
);
