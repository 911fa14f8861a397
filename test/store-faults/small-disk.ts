/** A disk of so many MB under one folder, that can be full or read-only; only root may mount one. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

export interface SmallDisk {
  /** To the last page. */
  fill(): void;
  makeRoom(): void;
  readOnly(yes: boolean): void;
  remove(): void;
}

/** Undefined where this user may not mount. */
export function smallDisk(folder: string, mb = 64): SmallDisk | undefined {
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mb}m,mode=700`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  const ballast = join(folder, "ballast");
  return {
    fill: () => {
      const file = openSync(ballast, "a");
      for (const block of [Buffer.alloc(1_048_576), Buffer.alloc(4_096)])
        try {
          for (;;) writeSync(file, block);
        } catch {} // full
      closeSync(file);
    },
    makeRoom: () => rmSync(ballast),
    readOnly: (yes) => void execFileSync("mount", ["-o", `remount,${yes ? "ro" : "rw"}`, folder]),
    remove: () => void execFileSync("umount", ["-l", folder]),
  };
}
