/** One simulation, whole: from a seed to a verdict. */

import type { VerifyReport } from "../../core/ports/boards.ts";
import type { Position } from "../../core/position.ts";
import { wholeReader } from "../../reconciliation/lone-registers.ts";
import { answeredInTime } from "./checkers/answers.ts";
import { authorsInOrder } from "./checkers/author-order.ts";
import { watchClosedTime } from "./checkers/closed-time.ts";
import { documentsAlike, watchDocuments } from "./checkers/documents.ts";
import type { EndState, RegionEnd } from "./checkers/end-state.ts";
import { ALL } from "./checkers/end-state.ts";
import { watchIndicator } from "./checkers/indicator.ts";
import { watchKnowing } from "./checkers/knowing.ts";
import { logsKept } from "./checkers/log-kept.ts";
import { noRepeat } from "./checkers/no-repeat.ts";
import { nothingLost } from "./checkers/nothing-lost.ts";
import { presenceWrong } from "./checkers/presence.ts";
import { watchReading } from "./checkers/reading.ts";
import { watchRemovals } from "./checkers/removals.ts";
import { sameEverywhere } from "./checkers/same-everywhere.ts";
import { stampsInOrder } from "./checkers/stamps.ts";
import { streamsWhole } from "./checkers/streams.ts";
import { rightVerdicts } from "./checkers/verdicts.ts";
import { haltsAgree, hooksKept, watchHooks } from "./checkers/webhooks.ts";
import { Client } from "./client.ts";
import type { Watcher } from "./mesh.ts";
import { Mesh } from "./mesh.ts";
import { actsOf, distrustOf } from "./model/acts.ts";
import { verdictOf } from "./model/verdict.ts";
import { unleash } from "./nemesis.ts";
import type { Joining, Plan } from "./plan.ts";
import { planOf } from "./plan.ts";
import { randomOf } from "./random.ts";
import { shownBy } from "./receivers.ts";
import { Violation } from "./violation.ts";
import { Workload } from "./workload.ts";
import { resumeAll } from "./workload-hooks.ts";

export interface Outcome {
  readonly seed: number;
  readonly failure: string | undefined;
  readonly law: string | undefined;
  readonly operations: number;
  readonly events: number;
  readonly faults: number;
  readonly conflicts: number;
  /** Requests to webhooks. */
  readonly brought: number;
  readonly virtualMs: number;
  /** Things done on the heap: equal in two runs of one seed. */
  readonly steps: number;
  readonly lines: readonly string[];
}

/** Everything must be the same everywhere this long after the last fault (P5 promises minutes). */
const QUIET_MS = 25_000;
const STEP_MS = 500;
const VERIFY_MS = 15_000;
/** For receivers that are well to have all that waits. */
const BROUGHT_MS = 15_000;

export const simulate = (seed: number): Promise<Outcome> => simulatePlan(planOf(seed));

export async function simulatePlan(plan: Plan): Promise<Outcome> {
  const random = randomOf(plan.seed).fork(99);
  const mesh = new Mesh(plan, random);
  const workload = new Workload(mesh, plan.users, random.fork(5));
  const clients = workload.people.map((person, index) => new Client(mesh, person.user, random.fork(50 + index), () => person.at));
  const removals = watchRemovals(mesh);
  mesh.watchers.push(
    watchReading(mesh),
    watchIndicator(mesh),
    watchClosedTime(mesh),
    watchKnowing(mesh),
    watchDocuments(mesh),
    removals,
    watchClients(mesh, clients),
  );
  if (mesh.receivers !== undefined)
    watchHooks(mesh, mesh.receivers, workload.people.map(({ user }) => user), () => workload.channels[0]); // biome-ignore format: one thought
  let end: EndState | undefined;
  let failure: unknown;
  let rejected: unknown;
  const unheard = (thrown: unknown): void => {
    rejected ??= thrown;
  };
  process.on("unhandledRejection", unheard);
  try {
    await play(mesh, workload, clients, plan);
    const resumed = await broughtAll(mesh, workload);
    await verified(mesh, plan.seed);
    end = endOf(mesh);
    judge(end);
    logsKept(mesh, end);
    streamsWhole(clients, end);
    removals.judge(clients);
    stampsInOrder(mesh, end);
    authorsInOrder(end);
    if (mesh.receivers !== undefined) hooksKept(end, mesh, mesh.receivers, resumed);
  } catch (thrown) {
    failure = thrown;
  } finally {
    // What nobody has heard of is told when Node's own loop turns, which it does not while virtual time goes on.
    await new Promise((turned) => setImmediate(turned));
    failure ??= rejected;
    process.off("unhandledRejection", unheard);
  }
  const { history, scheduler } = mesh;
  return {
    seed: plan.seed,
    failure:
      failure === undefined ? undefined : failure instanceof Violation ? failure.message : String((failure as Error).stack ?? failure),
    law: failure === undefined ? undefined : failure instanceof Violation ? failure.law : "crash",
    operations: history.operations.length,
    events: end?.truth.length ?? 0,
    faults: plan.faults.length,
    conflicts: [...(end?.verdicts.values() ?? [])].reduce((sum, { records }) => sum + records.length, 0),
    brought: mesh.receivers?.asked.length ?? 0,
    virtualMs: scheduler.nowMs,
    steps: scheduler.steps,
    lines: history.lines,
  };
}

async function play(mesh: Mesh, workload: Workload, clients: readonly Client[], plan: Plan): Promise<void> {
  const { scheduler } = mesh;
  mesh.machines.forEach((machine, index) => {
    machine.clock.skewMs = plan.skewsMs[index] ?? 0;
    if (plan.joins === undefined || machine !== mesh.machines.at(-1)) machine.start();
  });
  if (plan.joins !== undefined) join(mesh, plan.joins);
  for (const client of clients) scheduler.after(50, () => client.connect());
  /** Who connects later than the first channel is made would not be told of its making. */
  const found = (): void => {
    if (clients.every(({ region }) => region !== undefined)) workload.found(plan.seed % 4 === 3 ? "merge" : "lww");
    else scheduler.after(50, found);
  };
  scheduler.after(300, found);
  workload.schedule(plan.steps);
  if (plan.hooks !== undefined) workload.schedule(plan.hooks.steps);
  for (const fault of plan.faults) unleash(mesh, fault);
  await scheduler.run(plan.endMs);
  mesh.history.note("QUIET");
  mesh.quiet = true;
  mesh.receivers?.mend();
  const deadlineMs = plan.endMs + QUIET_MS;
  let calmMs = 0;
  while (calmMs < 2_000) {
    mesh.network.healAll();
    for (const machine of mesh.machines) machine.mend();
    await scheduler.run(scheduler.nowMs + STEP_MS);
    const wrong = presenceWrong(mesh, clients);
    const calm = mesh.settled() && workload.idle && clients.every((client) => client.calm) && wrong === undefined;
    calmMs = calm ? calmMs + STEP_MS : 0;
    if (scheduler.nowMs > deadlineMs) throw restless(mesh, clients, wrong);
  }
}

/** A region is added: it starts with nothing, and the others hear of it one by one. */
function join(mesh: Mesh, { atMs, toldMs }: Joining): void {
  mesh.scheduler.after(atMs, () => mesh.machine(mesh.regions.at(-1) ?? "").start());
  for (const [index, laterMs] of toldMs.entries()) mesh.scheduler.after(atMs + laterMs, () => mesh.tell(mesh.regions[index] ?? ""));
}

/** Whoever may sets every webhook once more, and all that waits for them is brought. Resolves with their ids. */
async function broughtAll(mesh: Mesh, workload: Workload): Promise<readonly string[]> {
  const { receivers, scheduler } = mesh;
  const [channel] = workload.channels;
  if (receivers === undefined || channel === undefined) return [];
  const users = workload.people.map(({ user }) => user);
  haltsAgree(mesh, users, channel);
  const resumed = resumeAll(mesh, workload);
  const waits = (): boolean =>
    mesh.machines.some(({ running }) => {
      const shown = running === undefined ? undefined : shownBy(running, users, channel);
      return shown?.items.some(({ id }) => resumed.includes(id) && running!.webhooks.deliveries(shown.actor, channel, id).waiting > 0);
    });
  for (let waited = 0; resumed.length > 0 && (waited === 0 || !workload.idle || !mesh.settled() || waits()); waited += STEP_MS) {
    if (waited > BROUGHT_MS) throw new Violation("W", `after ${BROUGHT_MS} ms with receivers that are well something waits for them still`);
    await scheduler.run(scheduler.nowMs + STEP_MS);
  }
  haltsAgree(mesh, users, channel);
  return resumed;
}

/** The mesh's own proof that all regions are equal must say what the checkers are about to find. */
async function verified(mesh: Mesh, seed: number): Promise<void> {
  const running = mesh.machines[seed % mesh.machines.length]?.running;
  let report: VerifyReport | undefined;
  void running?.verifier.verify({}).then((one) => {
    report = one;
  });
  for (let waited = 0; report === undefined && waited < VERIFY_MS; waited += STEP_MS)
    await mesh.scheduler.run(mesh.scheduler.nowMs + STEP_MS);
  if (report?.equal !== true)
    throw new Violation("H7", `verify says ${report === undefined ? "nothing" : JSON.stringify(report).slice(0, 400)} of a mesh at rest`);
}

function restless(mesh: Mesh, clients: readonly Client[], wrong: string | undefined): Violation {
  if (!mesh.settled())
    return new Violation("C3", `not all regions have everything ${QUIET_MS} ms after the last fault: ${mesh.standing()}`);
  const waiting = clients.filter(({ calm }) => !calm).map(({ user, waitsFor }) => `${user} waits for ${waitsFor}`);
  if (waiting.length > 0)
    return new Violation("L4", `not everybody has caught up ${QUIET_MS} ms after the last fault: ${waiting.join(", ")}`);
  return new Violation(wrong === undefined ? "T3" : "C8", wrong ?? "somebody still has no answer");
}

/** Clients notice broken lines, lose theirs now and then by moving, and go where their person goes. */
function watchClients(mesh: Mesh, clients: readonly Client[]): Watcher {
  const of = (user: string): Client | undefined => clients.find((client) => client.user === user);
  return {
    look: () => {
      for (const client of clients) client.look();
    },
    moved: ({ user }) => of(user)?.drop(),
    away: ({ user }, backMs, againMs) => {
      of(user)?.drop(backMs);
      if (againMs !== undefined) mesh.scheduler.after(againMs, () => of(user)?.drop());
    },
  };
}

function endOf(mesh: Mesh): EndState {
  const truth = mesh.truth();
  const acts = actsOf(truth);
  const distrusted = distrustOf(truth);
  const verdicts = new Map([...acts].map(([key, some]) => [key, verdictOf(some, distrusted)]));
  const regions = mesh.machines.map(({ region, store: disk }): RegionEnd => {
    const store = wholeReader(disk);
    return { region, store, registers: new Map(store.range("registers", ALL)) };
  });
  const writerBootMs = ({ origin, epoch, sequence }: Position): number =>
    mesh.machine(origin).server.epoch(epoch).writers[sequence - 1]?.bootMs ?? 0;
  return { operations: mesh.history.operations, truth, acts, verdicts, distrusted, regions, writerBootMs };
}

function judge(end: EndState): void {
  noRepeat(end);
  nothingLost(end);
  sameEverywhere(end);
  rightVerdicts(end);
  documentsAlike(end);
  answeredInTime(end.operations);
}
