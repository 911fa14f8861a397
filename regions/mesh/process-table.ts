/** Which process is meant: a pid alone may have been given to another; with its start time and command line it is this one (hard parts H10). */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

export interface Fingerprint {
  readonly pid: number;
  readonly started: string;
  readonly command: string;
}

const LINUX = existsSync("/proc/self/stat");

function fromProc(pid: number): Fingerprint | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // Field 3 is the state, 22 the start time. A zombie has ended; only its parent has not looked yet.
    if (fields[0] === "Z") return undefined;
    return { pid, started: fields[19] ?? "", command: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim() };
  } catch {
    return undefined;
  }
}

function fromPs(pid: number): Fingerprint | undefined {
  try {
    const line = execFileSync("ps", ["-o", "state=,lstart=,args=", "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
    const [, state, started, command] = /^(\S+)\s+(\S+ \S+ +\d+ [\d:]+ \d+)\s+(.*)$/.exec(line) ?? [];
    return state === undefined || state.startsWith("Z") || started === undefined || command === undefined
      ? undefined
      : { pid, started, command };
  } catch {
    return undefined;
  }
}

/** Who runs under this pid now; undefined when nobody does. */
export const fingerprint = (pid: number): Fingerprint | undefined => (LINUX ? fromProc(pid) : fromPs(pid));

export function stillRuns(known: Fingerprint): boolean {
  const now = fingerprint(known.pid);
  return now !== undefined && now.started === known.started && now.command === known.command;
}
