/**
 * Regions come and go while the mesh runs. A new one is written into the list of regions, which the others follow by themselves, then started; it
 * is ready when it equals them, and added when the name server, which follows the list too, knows it. One that is removed stops writing first; when every peer holds all of its log it is retired in the list and
 * its servers stop. Its disk stays as it is.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { VerifyReport } from "../../core/ports/boards.ts";
import { mintToken } from "../cli/mint.ts";
import { writeWhole } from "./folder.ts";
import { nameServerSees } from "./geodns-child.ts";
import { type MeshPlan, type RegionPlan, readyOf } from "./plan.ts";
import { planWith, planWithout } from "./plan-change.ts";
import { Refused } from "./refused.ts";
import type { RegionProcesses } from "./region-processes.ts";
import type { RunningRegions } from "./running-regions.ts";

export interface Membership {
  add(name: string): Promise<RegionAdded>;
  remove(name: string, force: boolean): Promise<RegionRemoved>;
}
export interface RegionAdded {
  readonly region: string;
  readonly url: string;
  readonly ws: string;
  /** From the order until it equalled its peers. */
  readonly joinedMs: number;
  /** From the order until the name server had an answer of it; null when it had none in time. */
  readonly namedMs: number | null;
  readonly at: string;
}
export interface RegionRemoved {
  readonly region: string;
  /** Where its data stay. */
  readonly data: string;
  /** Regions that heard less of it than others did: its disk has what they lack. Empty when all hold the same. */
  readonly behind: readonly string[];
  readonly at: string;
}
export interface MembershipOptions {
  readonly plan: MeshPlan;
  readonly regions: RunningRegions;
}

/** A long history takes its time. */
const JOIN_MS = 3_600_000;
const HANDED_OVER_MS = 90_000;
const FOLLOWED_MS = 10_000;
const AGREED_MS = 20_000;
/** The name server looks twice a second; one that has just died is started again within a second or two. */
const NAMED_MS = 20_000;
const AGAIN_MS = 100;

/** Asks again until it holds; false when the time is over. */
async function within(timeMs: number, holds: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + timeMs;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadline) return false;
    await pause(AGAIN_MS);
  }
  return true;
}

/** Whether the region's process follows a list of so many regions: its readiness says so. */
async function follows({ port }: RegionPlan, count: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz?verbose`, { signal: AbortSignal.timeout(2_000) });
  return (await answer.text()).includes(`topology ${count} regions`);
}

async function verified({ port }: RegionPlan, token: string): Promise<VerifyReport> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/verify`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(10_000),
  });
  return (await answer.json()) as VerifyReport;
}

export function openMembership({ plan: first, regions }: MembershipOptions): Membership {
  let plan = first;
  let busy: string | undefined;
  const turn = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
    if (busy !== undefined) throw new Refused(1, `${busy} is under way`, "one region at a time");
    busy = what;
    try {
      return await act();
    } finally {
      busy = undefined;
    }
  };
  /** Every living region follows the list as it is now. */
  const followed = async (): Promise<void> => {
    const living = plan.regions.filter(({ name }) => regions.processes.get(name)?.alive === true);
    await within(FOLLOWED_MS, async () => (await Promise.all(living.map((one) => follows(one, plan.regions.length)))).every(Boolean));
  };
  /** To whoever reads where the mesh is. */
  const announce = (): void => writeWhole(plan.folder.meshFile, `${JSON.stringify(readyOf(plan))}\n`);

  const add = async (name: string): Promise<RegionAdded> => {
    const startedMs = performance.now();
    plan = await planWith(plan, name);
    const region = plan.regions.find((one) => one.name === name)!;
    const processes = await regions.open(plan, region);
    await followed();
    processes.start();
    await regions.listen(region);
    await processes.ready(JOIN_MS);
    const joinedMs = Math.round(performance.now() - startedMs);
    announce();
    const isNamed = await nameServerSees(plan, [name], NAMED_MS);
    const namedMs = isNamed ? Math.round(performance.now() - startedMs) : null;
    const { url, ws } = plan.topology.regions.find((one) => one.name === name)!;
    return { region: name, url, ws, joinedMs, namedMs, at: new Date().toISOString() };
  };

  const remove = async (name: string, force: boolean): Promise<RegionRemoved> => {
    const processes = regions.processes.get(name);
    const region = plan.regions.find((one) => one.name === name);
    if (processes === undefined || region === undefined)
      throw new Refused(2, `there is no region ${name}`, `regions: ${plan.regions.map((one) => one.name).join(", ")}`);
    if (plan.regions.length === 1) throw new Refused(2, `${name} is the last region of the mesh`, "atoll down stops it");
    if (!force) await handOver(name, processes);
    plan = planWithout(plan, name);
    announce();
    await followed();
    await regions.drop(name);
    return { region: name, data: region.folder, behind: force ? await behind() : [], at: new Date().toISOString() };
  };

  /** Who does not get to what the others hold, after a while in which regions read what they lack at each other's mirrors. */
  const behind = async (): Promise<readonly string[]> => {
    const living = plan.regions.filter(({ name }) => regions.processes.get(name)?.alive === true);
    const { token } = await mintToken(plan.secret, { user: "atoll-operator", roles: ["operator"], ttlMs: AGREED_MS * 2 });
    let report: VerifyReport | undefined;
    await within(AGREED_MS, async () => {
      report = await verified(living[0]!, token);
      return report.equal;
    });
    const named = Object.entries(report?.regions ?? {}).flatMap(([name, { why }]) => (why?.endsWith("is behind") === true ? [name] : []));
    return named.length > 0 || report?.equal === true ? named : living.map(({ name }) => name);
  };

  /** The program drains; then every peer must hold all that the region ever wrote. */
  const handOver = async (name: string, processes: RegionProcesses): Promise<void> => {
    const forced = "or give up what only its disk holds: --force";
    if (!processes.alive)
      throw new Refused(1, `${name} is down: nobody can say whether its peers hold all it wrote`, `atoll start ${name}; ${forced}`);
    const cut = regions.links.down.find((pair) => pair.includes(name));
    if (cut !== undefined) throw new Refused(1, `the link ${cut.join(" – ")} is cut`, `atoll heal ${cut.join(" ")}; ${forced}`);
    const dead = plan.regions.find((one) => regions.processes.get(one.name)?.alive !== true);
    if (dead !== undefined)
      throw new Refused(1, `${dead.name} is down and may not hold all that ${name} wrote`, `atoll start ${dead.name}; ${forced}`);
    await processes.stopProgram();
    const lacking = async (): Promise<string | undefined> => {
      const own = await regions.echo(name)!.heads(name);
      for (const peer of regions.names.filter((one) => one !== name)) {
        const held = await regions.echo(peer)!.heads(name);
        for (const [epoch, head] of own) if ((held.get(epoch) ?? 0) < head) return peer;
      }
      return undefined;
    };
    if (await within(HANDED_OVER_MS, async () => (await lacking()) === undefined)) return;
    processes.start();
    throw new Refused(1, `${await lacking()} does not hold all that ${name} wrote yet; ${name} goes on`, `atoll status; ${forced}`);
  };

  return {
    add: (name) => turn(`adding ${name}`, () => add(name)),
    remove: (name, force) => turn(`removing ${name}`, () => remove(name, force)),
  };
}
