/** The routing table's snapshot as a file among the region's data: written aside and renamed, so that it is whole or the one before. */
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { RouteSnapshots } from "../core/ports/route-source.ts";

export function openRouteSnapshots(directory: string): RouteSnapshots {
  const file = join(directory, "routes.snapshot");
  return {
    load: () =>
      readFile(file).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      }),
    save: async (bytes) => {
      const aside = await open(`${file}.new`, "w", 0o600);
      try {
        await aside.writeFile(bytes);
        await aside.sync();
      } finally {
        await aside.close();
      }
      await rename(`${file}.new`, file);
    },
  };
}
