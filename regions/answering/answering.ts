/**
 * Several processes that answer DNS behind one port, as Node's `cluster` shares it (ADR 16). This one, the first, answers nobody itself: it tells
 * them the world whenever it changes, adds up what they have counted, and starts again who dies. When it ends, they end.
 */
import cluster from "node:cluster";
import type { Timer, Timers } from "../../core/ports/time.ts";
import type { DecisionCounts } from "../../geodns/decision-counts.ts";
import { type DnsCounts, datagramsIn } from "../../geodns/dns-counts.ts";
import { TCP_CONNECTIONS } from "../../geodns/dns-server.ts";
import type { World } from "../../geodns/steering.ts";
import { ownModule } from "../mesh/own-program.ts";
import type { ProcessLog } from "../process-log.ts";
import { freePort } from "./free-port.ts";
import { Member } from "./member.ts";
import { KEPT_MS, type Said, type Serve, TOLD_EVERY_MS } from "./words.ts";

export interface AnsweringOptions {
  /** How many answer. */
  readonly processes: number;
  readonly serve: Omit<Serve, "connectionsMost">;
  readonly source: { world(): World; follow(changed: () => void): () => void };
  /** What they have counted is added to these, also of those that died. */
  readonly counts: DnsCounts;
  readonly decisions: DecisionCounts;
  readonly timers: Timers;
  readonly log: ProcessLog;
}
export interface Answering {
  readonly port: number;
  /** How many answer at this moment, and how many of those take datagrams many at once. */
  now(): { readonly answer: number; readonly inBatches: number };
  close(): Promise<void>;
}

const AGAIN_MS = 1_000;
const END_MS = 2_000;
const PORT_TRIES = 5;

/** Resolves when all of them answer. Throws what the system says where the port cannot be had. */
export async function openAnswering(options: AnsweringOptions): Promise<Answering> {
  const { serve } = options;
  for (let tries = 1; ; tries += 1) {
    const port = serve.port === 0 ? await freePort(serve.host) : serve.port;
    const crew = new Crew({ ...options, serve: { ...serve, port } });
    try {
      await crew.start();
      return { port, now: () => crew.now(), close: () => crew.close() };
    } catch (error) {
      await crew.close();
      if (serve.port !== 0 || tries >= PORT_TRIES || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
}

class Crew {
  readonly #options: AnsweringOptions;
  readonly #members = new Set<Member>();
  readonly #gone = new Set<Promise<void>>();
  /** While they start: whoever waits for all to answer. */
  #starting: { readonly done: () => void; readonly failed: (error: Error) => void } | undefined;
  #closing = false;
  #timer: Timer | undefined;
  #unfollow = (): void => {};
  #waitedFor = "";

  constructor(options: AnsweringOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { processes, source, timers } = this.#options;
    cluster.setupPrimary({ ...ownModule("answering/main"), args: [], serialization: "advanced" });
    // Whoever is free takes a connection, without a detour by this process, which may be writing files.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    const all = new Promise<void>((done, failed) => {
      this.#starting = { done, failed };
    });
    this.#unfollow = source.follow(() => {
      for (const member of this.#members) member.tell(source.world(), { anyway: false });
    });
    this.#timer = timers.every(TOLD_EVERY_MS, () => {
      Member.share([...this.#members]);
      for (const member of this.#members) member.tell(source.world(), { anyway: true });
    });
    for (let i = 0; i < processes; i += 1) this.#join();
    await all;
    this.#starting = undefined;
  }

  now(): ReturnType<Answering["now"]> {
    const nowMs = this.#options.timers.monotonicMs();
    const answer = [...this.#members].filter(({ answers, heardMs }) => answers && nowMs - heardMs <= KEPT_MS);
    return { answer: answer.length, inBatches: answer.filter(({ inBatches }) => inBatches).length };
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#timer?.cancel();
    this.#unfollow();
    for (const { worker } of this.#members) if (worker.isConnected()) worker.process.disconnect();
    const late = this.#options.timers.after(END_MS, () => {
      for (const { worker } of this.#members) worker.process.kill("SIGKILL");
    });
    await Promise.all(this.#gone);
    late.cancel();
  }

  #join(): void {
    if (this.#closing) return;
    const { processes, timers } = this.#options;
    const worker = cluster.fork();
    const member = new Member(worker, { heardMs: timers.monotonicMs(), share: 1 / processes });
    this.#members.add(member);
    worker.on("message", (said: Said) => this.#hear(member, said));
    worker.on("error", () => {});
    const gone = new Promise<void>((done) =>
      worker.once("exit", (code, signal) => {
        this.#members.delete(member);
        this.#gone.delete(gone);
        this.#left(member, signal ?? `exit ${code}`);
        done();
      }),
    );
    this.#gone.add(gone);
  }

  #hear(member: Member, said: Said): void {
    const { processes, serve, source, counts, decisions, timers, log } = this.#options;
    member.heardMs = timers.monotonicMs();
    switch (said.kind) {
      case "here":
        member.begin({ ...serve, connectionsMost: Math.ceil(TCP_CONNECTIONS / processes) }, source.world());
        break;
      case "took":
        member.took();
        member.tell(source.world(), { anyway: false });
        break;
      case "counts":
        counts.add(said.dns);
        decisions.add(said.decisions);
        member.fresh += datagramsIn(said.dns);
        break;
      case "answers":
        member.inBatches = said.inBatches;
        this.#answers(member);
        break;
      case "waits":
        if (said.why !== this.#waitedFor) log.error({ event: "answering.waits", cause: said.why }, "a process has no places to answer by");
        this.#waitedFor = said.why;
        break;
      case "refused":
        if (this.#starting === undefined) log.error({ event: "answering.refused", cause: said.why }, "a process cannot answer");
        this.#starting?.failed(Object.assign(new Error(said.why), { code: said.code }));
        break;
    }
  }

  #answers(member: Member): void {
    const { processes, log } = this.#options;
    const { pid } = member.worker.process;
    member.answers = true;
    if (this.#starting === undefined) log.info({ event: "answering.again", pid }, "another process answers in place of one that ended");
    else if (this.now().answer === processes) this.#starting.done();
  }

  /** Who has answered is followed by another at once; who could not begin, after a while. */
  #left({ answers, worker }: Member, how: string): void {
    const { timers, log } = this.#options;
    if (this.#closing) return;
    this.#starting?.failed(new Error(`a process that was to answer has ended at its start (${how})`));
    if (this.#starting !== undefined) return;
    log.warn({ event: "answering.ended", pid: worker.process.pid, how }, "a process that answers has ended");
    if (answers) this.#join();
    else timers.after(AGAIN_MS, () => this.#join());
  }
}
