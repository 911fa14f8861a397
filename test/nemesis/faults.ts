/**
 * What a nemesis does to a real mesh, each with what takes it back. Faults overlap: a region may be cut off, its log server stopped and its
 * program killed at once. Taking back what ended by itself (a process that was killed while it stood still) is no failure.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { KINDS, type Kind, type MeshUnderTest } from "../e2e/atoll.ts";
import type { Random } from "../simulation/random.ts";

export interface Blow {
  readonly mesh: MeshUnderTest;
  readonly random: Random;
  /** Regions it is about; the first is struck, the second is the other end of a link. */
  readonly regions: readonly string[];
  readonly lengthMs: number;
  /** What the mesh was started with, for who starts it again. */
  readonly options: readonly string[];
}
/** Strikes, stays for its length, and is taken back; rejects only where the mesh itself said no to what it must do. */
export type Fault = (blow: Blow) => Promise<void>;

const region = ({ regions: [struck] }: Blow): string => struck ?? "";
const link = ({ regions: [one, other] }: Blow): readonly string[] => [one ?? "", other ?? ""];

async function told(mesh: MeshUnderTest, ...args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await mesh.run(...args);
  if (code !== 0) throw new Error(`atoll ${args.join(" ")} ended with ${code}: ${stderr || stdout}`);
}

async function cutFor({ mesh, lengthMs }: Blow, ends: readonly string[]): Promise<void> {
  await told(mesh, "cut", ...ends);
  await pause(lengthMs);
  await told(mesh, "heal", ...ends);
}

/** Another fault may strike it down while it comes up. */
async function started(blow: Blow): Promise<void> {
  const { code } = await blow.mesh.run("start", region(blow));
  if (code !== 0) await told(blow.mesh, "start", region(blow));
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it has ended meanwhile
  }
}

/** Longer, and peers and clients would be right to call it dead; shorter is what a garbage collector or a busy host does. */
const STANDS_STILL_MS = 6_000;

async function standStill(blow: Blow, kind: Kind): Promise<void> {
  const pid = blow.mesh.pid(region(blow), kind);
  signal(pid, "SIGSTOP");
  await pause(Math.min(blow.lengthMs, STANDS_STILL_MS));
  signal(pid, "SIGCONT");
}

export type FaultName = keyof typeof FAULTS;
export const FAULTS = {
  /** One region sees nobody. */
  cut: (blow) => cutFor(blow, [region(blow)]),
  /** Two regions do not see each other; both see the others. */
  pair: (blow) => cutFor(blow, link(blow)),
  /** A link that comes and goes; a heal is broken by the next cut. */
  flap: async (blow) => {
    const { mesh, random, lengthMs } = blow;
    for (const untilMs = performance.now() + lengthMs; performance.now() < untilMs; await pause(random.between(50, 1_500)))
      await cutFor({ ...blow, lengthMs: random.between(100, 2_000) }, link(blow));
    await told(mesh, "heal", ...link(blow));
  },
  killProgram: async (blow) => signal(blow.mesh.pid(region(blow), "program"), "SIGKILL"),
  killLog: async (blow) => signal(blow.mesh.pid(region(blow), "jetstream"), "SIGKILL"),
  killGateway: async (blow) => signal(blow.mesh.pid(region(blow), "gateway"), "SIGKILL"),
  drain: async (blow) => signal(blow.mesh.pid(region(blow), "program"), "SIGTERM"),
  stopProgram: (blow) => standStill(blow, "program"),
  stopLog: (blow) => standStill(blow, "jetstream"),
  stopGateway: (blow) => standStill(blow, "gateway"),
  /** All of a region dies and stays dead. */
  killRegion: async (blow) => {
    await told(blow.mesh, "kill", region(blow));
    await pause(blow.lengthMs);
    await started(blow);
  },
  /** Everything of a region at one moment; the supervisor brings it back. */
  killAtOnce: async (blow) => {
    for (const kind of KINDS) signal(blow.mesh.pid(region(blow), kind), "SIGKILL");
  },
  /** All of a region dies, and what it had applied is gone from its disk; its log and its mirrors stay. */
  loseStore: async (blow) => {
    await told(blow.mesh, "kill", region(blow));
    rmSync(join(blow.mesh.data, region(blow), "state", "store"), { recursive: true });
    await started(blow);
  },
  /** What starts and watches everything dies, and somebody says `atoll up` again: every process of the mesh begins anew. */
  upAgain: async ({ mesh, options }) => {
    signal(mesh.document().pid, "SIGKILL");
    const { code, stderr } = await mesh.up(...options);
    if (code !== 0) throw new Error(`atoll up ended with ${code}: ${stderr}`);
  },
} satisfies Readonly<Record<string, Fault>>;
