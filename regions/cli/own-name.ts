/** How this command is called from where the user stands: the checkout's own script; installed, `npx atoll` by whom npx has started it, else `atoll`. */
import { existsSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

function ownName(environment: NodeJS.ProcessEnv): string {
  for (const place of ["../../atoll", "../../../atoll"]) {
    const script = fileURLToPath(new URL(place, import.meta.url));
    if (!existsSync(script)) continue;
    const here = relative(process.cwd(), script);
    return here.startsWith("..") ? (here.length < script.length ? here : script) : `./${here}`;
  }
  return environment["npm_command"] === "exec" ? "npx atoll" : "atoll";
}

/** A call of this command about the mesh in the folder `data`, as it is typed where the user stands. */
export function ownCall(data: string): (words: string) => string {
  const own = ownName(process.env);
  const folder = relative(process.cwd(), data) === ".atoll" ? "" : ` --data ${data}`;
  return (words) => `${own} ${words}${folder}`;
}
