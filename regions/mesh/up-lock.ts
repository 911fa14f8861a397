/** One supervisor a folder: whoever makes this file first. A lock whose owner is gone is taken over. */
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type MeshFolder, readJson } from "./folder.ts";
import { type Fingerprint, fingerprint, stillRuns } from "./process-table.ts";
import { Refused } from "./refused.ts";

/** Returns what gives it back. */
export function takeFolder(folder: MeshFolder): () => void {
  const path = join(folder.root, "up.lock");
  mkdirSync(folder.root, { recursive: true, mode: 0o700 });
  for (;;) {
    try {
      const file = openSync(path, "wx", 0o600);
      writeSync(file, JSON.stringify(fingerprint(process.pid)));
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const owner = readJson<Fingerprint>(path);
    if (owner !== undefined && stillRuns(owner))
      throw new Refused(
        2,
        `a mesh already runs in ${folder.root} (pid ${owner.pid})`,
        "stop it first: atoll down; or name another folder: --data",
      );
    // Moved first, so that of two who find a dead owner only one removes what it found.
    try {
      renameSync(path, `${path}.${process.pid}`);
      rmSync(`${path}.${process.pid}`, { force: true });
    } catch {}
  }
}
