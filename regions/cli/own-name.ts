/** How this command is called from where the user stands: `atoll` when installed, the checkout's own script otherwise. */
import { existsSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

export function ownName(): string {
  for (const place of ["../../atoll", "../../../atoll"]) {
    const script = fileURLToPath(new URL(place, import.meta.url));
    if (!existsSync(script)) continue;
    const here = relative(process.cwd(), script);
    return here.startsWith("..") ? (here.length < script.length ? here : script) : `./${here}`;
  }
  return "atoll";
}
