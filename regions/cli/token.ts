/** `atoll token`: a token of this local mesh, or of any whose HS256 secret lies in a file, made offline. */
import { readFileSync } from "node:fs";
import { isPlainId } from "../../core/ids.ts";
import { meshFolder, readSecret } from "../mesh/folder.ts";
import { Stop } from "./answer.ts";
import type { Asked, Define } from "./define.ts";
import { collect, examples, needed } from "./define.ts";
import { parseDuration } from "./duration.ts";
import { mintToken } from "./mint.ts";

const ROLES = ["user", "bot", "operator", "auditor"];

interface Options {
  readonly user?: string;
  readonly role?: readonly string[];
  readonly ttl: string;
  readonly secretFile?: string;
}

/** From the file that is named, else the local mesh's. */
function secretOf({ secretFile, data }: Options & { readonly data: string }): string {
  if (secretFile !== undefined) {
    try {
      return readFileSync(secretFile, "utf8").trim();
    } catch (error) {
      throw new Stop(2, `cannot read ${secretFile}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const folder = meshFolder(data);
  const secret = readSecret(folder);
  if (secret === undefined)
    throw new Stop(3, `no mesh has been started in ${folder.root}`, "its first `atoll up` makes the secret that tokens are signed with");
  return secret;
}

export const define: Define = (command, finish) => {
  command
    .option("--user <user>", "who signs in: letters, digits, - and _; at most 64")
    .option("--role <role>", `${ROLES.join(", ")}; may be given several times (default: user)`, collect)
    .option("--ttl <length>", "how long it is good for", "7d")
    .option("--secret-file <file>", "sign with the secret in this file (keys/mesh/auth-secret of `atoll keys`) instead of the local mesh's")
    .addHelpText(
      "after",
      examples(
        "atoll token --user ana",
        "atoll token --user ops --role operator --role auditor --ttl 1h",
        'curl -H "Authorization: Bearer $(atoll token --user ana)" http://127.0.0.1:8800/v1/sync',
      ),
    );
  finish(command, async ({ options }: Asked<Options>) => {
    const user = needed(options.user, "--user <user>");
    if (!isPlainId(user)) throw new Stop(2, `--user ${user} is no user id`, "letters, digits, - and _; at most 64");
    const roles = [...new Set(options.role ?? ["user"])];
    const unknown = roles.find((role) => !ROLES.includes(role));
    if (unknown !== undefined) throw new Stop(2, `--role ${unknown} is unknown`, `roles: ${ROLES.join(", ")}`);
    const ttlMs = parseDuration(options.ttl);
    if (ttlMs === undefined || ttlMs <= 0) throw new Stop(2, `--ttl ${options.ttl} is no length of time`, "like 1s, 30m, 7d");
    const minted = await mintToken(secretOf(options), { user, roles, ttlMs });
    return { code: 0, document: minted, text: minted.token };
  });
};
