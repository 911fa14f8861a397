/** One of the processes that answer, as the first process knows it: what it was told of the world, what it has counted, whether it answers. */
import type { Worker } from "node:cluster";
import type { World } from "../../geodns/steering.ts";
import { partsSince } from "../../geodns/world-parts.ts";
import type { Serve, Told } from "./words.ts";

/** Datagrams that everybody is taken to have had, so that few decide nothing. */
const LATELY_LEAST = 10;

export class Member {
  readonly worker: Worker;
  answers = false;
  inBatches = false;
  /** When it said anything last, by the process's own clock. */
  heardMs: number;
  /** Datagrams that it had since shares were reckoned last. */
  fresh = 0;
  /** Of each network's rate of answers, what is its. */
  share: number;
  #lately = 0;
  /** What it was told last; undefined while it does not listen yet. */
  #told: World | undefined;
  /** It has not yet said that it took that. What changes meanwhile is told together, so that nothing piles up before one who is slow. */
  #underway = false;

  constructor(worker: Worker, { heardMs, share }: { readonly heardMs: number; readonly share: number }) {
    this.worker = worker;
    this.heardMs = heardMs;
    this.share = share;
  }

  begin(serve: Serve, world: World): void {
    this.#send({ kind: "serve", serve, parts: partsSince(undefined, world), share: this.share }, world);
  }
  /** What is new to it; `anyway`: also when that is nothing. */
  tell(world: World, { anyway }: { readonly anyway: boolean }): void {
    if (this.#told === undefined || this.#underway || (world === this.#told && !anyway)) return;
    this.#send({ kind: "news", parts: partsSince(this.#told, world), share: this.share }, world);
  }
  took(): void {
    this.#underway = false;
  }

  #send(told: Told, world: World): void {
    this.#told = world;
    this.#underway = true;
    // Whom it does not reach has ended, which is heard of.
    this.worker.send(told, () => {});
  }

  /**
   * The kernel gives a datagram to whoever is awake, wherever it comes from: so each has of every network's rate what it has of all datagrams, and
   * all together the whole.
   */
  static share(members: readonly Member[]): void {
    for (const member of members) {
      member.#lately = member.#lately / 2 + member.fresh;
      member.fresh = 0;
    }
    const together = members.reduce((sum, member) => sum + member.#lately + LATELY_LEAST, 0);
    for (const member of members) member.share = (member.#lately + LATELY_LEAST) / together;
  }
}
