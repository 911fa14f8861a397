/** How many files and sockets a process may hold: a region with too few would start, fail, and start again. */
import { readFileSync } from "node:fs";

/** Code, store, log, peers and servers take some 150; the rest are people. */
const FILES_LEAST = 256;
export const MORE_FILES = "allow more before you start it: ulimit -n 4096 (systemd: LimitNOFILE)";

/** Node has raised the soft limit to the hard one by now. Undefined where the system does not say. */
export function openFilesMost(limits = "/proc/self/limits"): number | undefined {
  try {
    const [, most] = /^Max open files\s+(\d+)/m.exec(readFileSync(limits, "utf8")) ?? [];
    return most === undefined ? undefined : Number(most);
  } catch {
    return undefined;
  }
}

/** Why no region can run with so few; undefined where there are enough. */
export const fewFiles = (most = openFilesMost()): string | undefined =>
  most === undefined || most >= FILES_LEAST
    ? undefined
    : `a process may hold ${most} open files here, and a region needs ${FILES_LEAST} and one for each connection`;
