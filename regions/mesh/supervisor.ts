/**
 * The supervisor of a local mesh: owns every server, proxy and region process as its child, carries out orders, and leaves nothing behind
 * however it ends (hard parts H10). A cut lives here, in the proxies, so it survives the death of any region.
 */
import { rmSync } from "node:fs";
import { ServerMissing } from "../nats/server-binary.ts";
import { findOrInstall } from "../nats/server-install.ts";
import { fewFiles, MORE_FILES } from "../open-files.ts";
import type { ChildHooks } from "./child.ts";
import { type ControlServer, openControl } from "./control.ts";
import { type MeshFolder, writeWhole } from "./folder.ts";
import { nameServerSees, openGeodnsChild } from "./geodns-child.ts";
import { openMembership } from "./membership.ts";
import { carryOut } from "./orders.ts";
import { type MeshPlan, type ProcessCounts, planMesh, readyOf } from "./plan.ts";
import type { ReadyDocument } from "./ready.ts";
import { Refused } from "./refused.ts";
import { openRoster, sweep } from "./roster.ts";
import { RunningRegions } from "./running-regions.ts";
import type { SwitchedStores } from "./store-switches.ts";
import { takeFolder } from "./up-lock.ts";
import { openWarden } from "./warden.ts";

export interface UpOptions {
  readonly folder: MeshFolder;
  readonly regions: readonly string[];
  readonly port: number;
  /** "us-eu" -> one-way delay. */
  readonly delays: Readonly<Record<string, number>>;
  readonly clockOffsets: Readonly<Record<string, number>>;
  readonly natsServer?: string;
  readonly stores: SwitchedStores;
  readonly processes: ProcessCounts;
  /** One line of progress or news for people. */
  readonly tell: (line: string) => void;
}
export interface RunningMesh {
  readonly ready: ReadyDocument;
  readonly plan: MeshPlan;
  /** Drains and stops everything; repeated calls wait for the same end. */
  stop(): Promise<void>;
  readonly stopped: Promise<void>;
}

const READY_MS = 90_000;
const LINKS_MS = 20_000;
const NAME_SERVER_MS = 10_000;

/** Undoes, last first, whatever has been done so far. */
class Undo {
  readonly #steps: (() => Promise<void> | void)[] = [];
  add(step: () => Promise<void> | void): void {
    this.#steps.push(step);
  }
  async all(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await step();
  }
}

export async function superviseMesh(options: UpOptions, signal: AbortSignal): Promise<RunningMesh> {
  const undo = new Undo();
  let ended: () => void = () => undefined;
  const stopped = new Promise<void>((done) => {
    ended = done;
  });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= undo.all().then(ended);
    return stopping;
  };
  try {
    const plan = await prepare(options, undo);
    const started = await start(plan, options, undo, () => void stop());
    const aborted = new Promise<never>((_, fail) =>
      signal.addEventListener("abort", () => fail(new Refused(1, "stopped before it was ready")), { once: true }),
    );
    aborted.catch(() => undefined);
    signal.throwIfAborted();
    await Promise.race([settle(plan, started, options), aborted]);
    const ready = readyOf(plan);
    undo.add(() => rmSync(options.folder.meshFile, { force: true }));
    writeWhole(options.folder.meshFile, `${JSON.stringify(ready)}\n`);
    return { ready, plan, stop, stopped };
  } catch (error) {
    await stop();
    if (signal.aborted) throw new Refused(1, "stopped before it was ready");
    throw error instanceof ServerMissing ? new Refused(3, error.message) : error;
  }
}

async function prepare({ folder, regions, port, natsServer, stores, processes, tell }: UpOptions, undo: Undo): Promise<MeshPlan> {
  const few = fewFiles();
  if (few !== undefined) throw new Refused(2, few, MORE_FILES);
  undo.add(takeFolder(folder));
  const left = await sweep(folder);
  if (left > 0) tell(`ended ${left} processes that a killed mesh had left behind`);
  rmSync(folder.meshFile, { force: true });
  const server = await findOrInstall({ env: process.env, say: tell, ...(natsServer === undefined ? {} : { named: natsServer }) });
  return planMesh(folder, regions, port, server, stores, processes);
}

interface Started {
  readonly regions: RunningRegions;
  readonly waitForEchoes: Promise<unknown>;
}

/** Starts everything. What is added to `undo` runs backwards: control, regions (programs, servers, proxies), GeoDNS. */
async function start(plan: MeshPlan, { folder, delays, clockOffsets, tell }: UpOptions, undo: Undo, stop: () => void): Promise<Started> {
  const roster = openRoster(folder);
  undo.add(() => rmSync(folder.processesFile, { force: true }));
  const warden = openWarden(folder.root);
  undo.add(() => warden.close());
  if (warden.pid !== undefined) roster.joined(warden.pid);
  const hooks: ChildHooks = {
    joined: (pid) => {
      warden.joined(pid);
      roster.joined(pid);
    },
    left: (pid) => {
      warden.left(pid);
      roster.left(pid);
    },
    tell,
  };
  const geodns = openGeodnsChild(plan, hooks);
  undo.add(() => geodns.stop(5_000));
  const regions = new RunningRegions({ delays, clockOffsets, hooks });
  undo.add(() => regions.close());
  for (const region of plan.regions) await regions.open(plan, region);
  for (const region of regions.processes.values()) region.start();
  geodns.start();
  const waitForEchoes = Promise.all(plan.regions.map((region) => regions.listen(region)));
  const membership = openMembership({ plan, regions });
  const control: ControlServer = await openControl(folder.socket, (order) =>
    carryOut(order, { regions: regions.processes, links: regions.links, membership, stop, readyMs: READY_MS }),
  );
  undo.add(() => control.close());
  return { regions, waitForEchoes };
}

async function settle(plan: MeshPlan, { regions, waitForEchoes }: Started, { tell }: UpOptions): Promise<void> {
  await Promise.all([...regions.processes.values()].map((region) => region.ready(READY_MS)));
  await waitForEchoes;
  if (!(await regions.links.up(LINKS_MS))) tell("not every link between regions is up yet; atoll status shows which");
  if (!(await nameServerSees(plan, regions.names, NAME_SERVER_MS)))
    tell(`GeoDNS does not send people to every region yet; its log: ${plan.folder.root}/geodns.log`);
}
