/** Who belongs to this mesh, on disk: what a supervisor that was killed leaves behind is found and ended by the next `up` or `down` (hard parts H10). */
import { setTimeout as pause } from "node:timers/promises";
import type { MeshFolder } from "./folder.ts";
import { readJson, writeWhole } from "./folder.ts";
import type { Fingerprint } from "./process-table.ts";
import { fingerprint, stillRuns } from "./process-table.ts";

interface RosterFile {
  readonly supervisor: Fingerprint;
  readonly children: readonly Fingerprint[];
}

export interface Roster {
  joined(pid: number): void;
  left(pid: number): void;
}

/** This process is the mesh's supervisor from now on. */
export function openRoster(folder: MeshFolder): Roster {
  const supervisor = fingerprint(process.pid);
  if (supervisor === undefined) throw new Error("this system does not say which processes run (no /proc, no ps)");
  const children = new Map<number, Fingerprint>();
  const write = (): void =>
    writeWhole(folder.processesFile, JSON.stringify({ supervisor, children: [...children.values()] } satisfies RosterFile), 0o600);
  /** A disk that is full must not end the mesh: the warden knows the children too, and the next change is written whole. */
  const note = (): void => {
    try {
      write();
    } catch {}
  };
  write();
  return {
    joined: (pid) => {
      const found = fingerprint(pid);
      if (found === undefined) return;
      children.set(pid, found);
      note();
    },
    left: (pid) => {
      if (children.delete(pid)) note();
    },
  };
}

/** The pid of the folder's living supervisor. */
export function livingSupervisor(folder: MeshFolder): number | undefined {
  const file = readJson<RosterFile>(folder.processesFile);
  return file !== undefined && stillRuns(file.supervisor) ? file.supervisor.pid : undefined;
}

const ended = async (processes: readonly Fingerprint[], withinMs: number): Promise<readonly Fingerprint[]> => {
  const deadline = performance.now() + withinMs;
  let left = processes.filter(stillRuns);
  while (left.length > 0 && performance.now() < deadline) {
    await pause(50);
    left = left.filter(stillRuns);
  }
  return left;
};

const signal = (processes: readonly Fingerprint[], name: NodeJS.Signals): void => {
  for (const { pid } of processes)
    try {
      process.kill(pid, name);
    } catch {} // it ended while we looked
};

/** Ends what a dead supervisor left behind: asked first, then by force. Resolves with how many there were. */
export async function sweep(folder: MeshFolder): Promise<number> {
  const file = readJson<RosterFile>(folder.processesFile);
  if (file === undefined || stillRuns(file.supervisor)) return 0;
  const found = file.children.filter(stillRuns);
  signal(found, "SIGTERM");
  const stubborn = await ended(found, 6_000);
  signal(stubborn, "SIGKILL");
  const left = await ended(stubborn, 5_000);
  if (left.length > 0) throw new Error(`cannot end processes ${left.map(({ pid }) => pid).join(", ")}`);
  return found.length;
}

/** Waits until the supervisor of the folder is gone. */
export async function supervisorGone(folder: MeshFolder, withinMs: number): Promise<boolean> {
  const file = readJson<RosterFile>(folder.processesFile);
  return file === undefined || (await ended([file.supervisor], withinMs)).length === 0;
}
