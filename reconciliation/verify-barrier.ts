/**
 * The asker's side of the barrier (H7): all regions hold, V = the greatest of what they have applied, all advance to exactly V and open their
 * transactions there. Two askers must not stand in each other's way: who holds the first region by name holds the barrier, the other finds it
 * busy and comes back later. Regions that cannot be reached or cannot get to V are named; the others are compared all the same.
 */
import { LIMITS } from "../core/limits.ts";
import type { PeerLink } from "../core/ports/peer-link.ts";
import type { Timers } from "../core/ports/time.ts";
import type { Vector, VectorText } from "../core/position.ts";
import { joinVectors, parseVector, vectorText } from "../core/position.ts";
import type { VerifyHost } from "./verify-host.ts";
import type { Answer, Ask, Question } from "./verify-words.ts";
import { linkName, QUESTIONS, readAnswer, readAsk } from "./verify-words.ts";

export interface BarrierOptions {
  readonly link: Pick<PeerLink, "region" | "peers" | "ask" | "onAsked">;
  readonly host: VerifyHost;
  readonly timers: Timers;
  /** False for a peer that is known to be cut off: nobody waits for it. */
  readonly reachable: (peer: string) => boolean;
}

export type Standing = "here" | "behind" | "unreached";
export interface BarrierAt {
  readonly session: string;
  readonly vector: Vector;
  readonly regions: ReadonlyMap<string, { readonly standing: Standing; readonly quarantined: number }>;
}
export type BarrierTry = BarrierAt | { readonly busy: string };

/** Peers must answer a hold within this, which is a commit and the turns of a busy region; it is part of the time that the others hold. */
const HOLD_ANSWER_MS = 1_500;

export class Barriers {
  readonly #options: BarrierOptions;
  readonly #name: string;
  #count = 0;

  /** `name`: unlike that of every other life of every region. */
  constructor(options: BarrierOptions, name: string) {
    this.#options = options;
    this.#name = name;
    const { link, host } = options;
    for (const question of QUESTIONS)
      link.onAsked(linkName(question), async (peer, text) => JSON.stringify(await answered(host, question, peer, text)));
  }

  /** Asks one region, this one too; rejects when there is no good answer in time. */
  async ask<Q extends Question>(region: string, question: Q, ask: Ask<Q>, timeoutMs: number): Promise<Answer<Q>> {
    const { link, host, timers } = this.#options;
    if (region === link.region)
      return inTime(timers, timeoutMs, answered(host, question, region, JSON.stringify(ask)) as Promise<Answer<Q>>);
    return readAnswer(question, await link.ask(region, linkName(question), JSON.stringify(ask), timeoutMs));
  }

  /** Tries once to bring all regions to one vector. What it opens must be ended by `release`, unless it says busy. */
  async open(): Promise<BarrierTry> {
    const { link, reachable } = this.#options;
    const session = `${this.#name}.${++this.#count}`;
    const all = [link.region, ...link.peers].sort();
    const held = new Map<string, VectorText>();
    let waiting = all.filter((region) => region === link.region || reachable(region));
    let busy: string | undefined;
    while (held.size === 0 && busy === undefined && waiting.length > 0) {
      busy = await this.#hold(session, waiting.slice(0, 1), held);
      waiting = waiting.slice(1);
    }
    busy ??= await this.#hold(session, waiting, held);
    if (busy !== undefined) {
      await this.release(session, [...held.keys()]);
      return { busy };
    }
    const vector = [...held.values()].reduce<Vector>((joined, one) => joinVectors(joined, parseVector(one) ?? {}), {});
    const regions = new Map<string, { standing: Standing; quarantined: number }>(
      all.map((region) => [region, { standing: "unreached", quarantined: 0 }]),
    );
    await Promise.all(
      [...held.keys()].map(async (region) => {
        const { reached, quarantined } = await this.#advance(region, session, vector);
        regions.set(region, { standing: reached ? "here" : "behind", quarantined });
      }),
    );
    return { session, vector, regions };
  }

  async release(session: string, regions: readonly string[], equal?: boolean): Promise<void> {
    const ask = equal === undefined ? { session } : { session, equal };
    await Promise.all(regions.map((region) => this.ask(region, "release", ask, HOLD_ANSWER_MS).catch(() => undefined)));
  }

  /** Holds these regions at once; those that do not answer are left out. Returns the first that is busy. */
  async #hold(session: string, regions: readonly string[], held: Map<string, VectorText>): Promise<string | undefined> {
    let busy: string | undefined;
    await Promise.all(
      regions.map(async (region) => {
        const answer = await this.ask(region, "hold", { session }, HOLD_ANSWER_MS).catch(() => undefined);
        if (answer?.applied === null) busy ??= region;
        else if (answer !== undefined) held.set(region, answer.applied);
        else void this.release(session, [region]);
      }),
    );
    return busy;
  }

  async #advance(region: string, session: string, vector: Vector): Promise<Answer<"advance">> {
    const timeoutMs = LIMITS.verifyHoldMs + HOLD_ANSWER_MS;
    return this.ask(region, "advance", { session, vector: vectorText(vector) }, timeoutMs).catch(() => ({
      reached: false,
      quarantined: 0,
    }));
  }
}

async function answered<Q extends Question>(host: VerifyHost, question: Q, asker: string, text: string): Promise<unknown> {
  const handle = host[question].bind(host) as (asker: string, ask: Ask<Q>) => Promise<unknown>;
  return handle(asker, readAsk(question, text));
}

function inTime<T>(timers: Timers, timeoutMs: number, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = timers.after(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs} ms`)));
    answer.then(resolve, reject).finally(() => timer.cancel());
  });
}
