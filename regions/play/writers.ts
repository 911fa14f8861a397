/** Everybody who wrote in the recording, at the rate asked: each author one command after the other, the same command again until it is answered. */
import { setTimeout as pause } from "node:timers/promises";
import type { Answered } from "./door.ts";
import { call } from "./door.ts";

export interface Writing {
  readonly key: string;
  readonly user: string;
  readonly home: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}
/** How often a command without an answer is sent again, alternating regions, before it counts as unknown. */
const TRIES = 30;
const ANSWER_MS = 10_000;

export interface WritersOptions {
  readonly urls: ReadonlyMap<string, string>;
  readonly tokenOf: (user: string) => Promise<string>;
}
export interface Outcome {
  /** undefined: nobody ever answered; what became of it is unknown. */
  readonly answer: Answered | undefined;
  readonly ms: number;
  readonly retried: boolean;
}

export class Writers {
  readonly #options: WritersOptions;
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: WritersOptions) {
    this.#options = options;
  }

  /** In the author's order: the next command of an author waits for the answer to the last. */
  write(writing: Writing): Promise<Outcome> {
    const before = this.#turns.get(writing.user) ?? Promise.resolve();
    const turn = before.then(() => this.#untilAnswered(writing));
    this.#turns.set(writing.user, turn);
    return turn;
  }

  async #untilAnswered({ key, user, home, method, path, body }: Writing): Promise<Outcome> {
    const token = await this.#options.tokenOf(user);
    const regions = [home, ...[...this.#options.urls.keys()].filter((name) => name !== home)];
    const started = performance.now();
    for (let tries = 0; tries < TRIES; tries += 1) {
      const url = this.#options.urls.get(regions[Math.floor(tries / 3) % regions.length] ?? home) ?? "";
      const answer = await call(url, { method, path, token, key, body, timeoutMs: ANSWER_MS }).catch(() => undefined);
      if (answer !== undefined && answer.status !== 503 && answer.status !== 429)
        return { answer, ms: performance.now() - started, retried: tries > 0 };
      await pause(Math.min(1_000, 50 * 2 ** Math.min(tries, 5)));
    }
    return { answer: undefined, ms: performance.now() - started, retried: true };
  }
}
