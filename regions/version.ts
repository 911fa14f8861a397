/** Which version of Atoll runs: package.json stands beside the sources, and one floor above the build. */
import { readFileSync } from "node:fs";

export function version(): string {
  for (const place of ["../package.json", "../../package.json"]) {
    try {
      return (JSON.parse(readFileSync(new URL(place, import.meta.url), "utf8")) as { readonly version: string }).version;
    } catch {}
  }
  return "unknown";
}
