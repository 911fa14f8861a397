/** Virtual time and a bus between regions for tests: delays, cuts of one way or both, beats and questions that get lost or come late. */
import type { PeerLink } from "../core/ports/peer-link.ts";
import type { Timer, Timers } from "../core/ports/time.ts";

/** Every promise that can go on has gone on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Due {
  readonly atMs: number;
  readonly run: () => void;
}

export class VirtualTime implements Timers {
  nowMs: number;
  #due: Due[] = [];

  constructor(nowMs = 0) {
    this.nowMs = nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }
  after(delayMs: number, run: () => void): Timer {
    const due = { atMs: this.nowMs + Math.max(0, delayMs), run };
    this.#due.push(due);
    return {
      cancel: () => {
        this.#due = this.#due.filter((other) => other !== due);
      },
    };
  }
  every(periodMs: number, run: () => void): Timer {
    let timer: Timer;
    const again = (): void => {
      timer = this.after(periodMs, again);
      run();
    };
    timer = this.after(periodMs, again);
    return { cancel: () => timer.cancel() };
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await settle();
    for (let next = this.#next(); next && next.atMs <= untilMs; next = this.#next()) {
      this.#due.splice(this.#due.indexOf(next), 1);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
      await settle();
    }
    this.nowMs = untilMs;
  }

  /** Passes time until this holds. */
  async until(holds: () => boolean, withinMs = 60_000, stepMs = 10): Promise<number> {
    const fromMs = this.nowMs;
    while (!holds()) {
      if (this.nowMs - fromMs > withinMs) throw new Error(`did not hold within ${withinMs} ms`);
      await this.pass(stepMs);
    }
    return this.nowMs - fromMs;
  }

  /** Passes time until the promise has settled. */
  async settled<T>(promise: Promise<T>, withinMs = 60_000): Promise<T> {
    let done = false;
    const mark = (): void => {
      done = true;
    };
    promise.then(mark, mark);
    await this.until(() => done, withinMs);
    return promise;
  }

  /** The process sleeps: nothing runs, then everything that was due runs at once. */
  async stall(ms: number): Promise<void> {
    this.nowMs += ms;
    await this.pass(0);
  }

  #next(): Due | undefined {
    let next = this.#due[0];
    for (const due of this.#due) if (next && due.atMs < next.atMs) next = due;
    return next;
  }
}

interface Endpoint {
  readonly beats: ((peer: string, text: string) => void)[];
  readonly asked: Map<string, (peer: string, text: string) => Promise<string>>;
}

export class Bus {
  readonly time: VirtualTime;
  readonly regions: readonly string[];
  wayMs = 40;
  /** "us>eu": this way is cut. */
  readonly cutWays = new Set<string>();
  readonly #endpoints = new Map<string, Endpoint>();

  constructor(time: VirtualTime, regions: readonly string[]) {
    this.time = time;
    this.regions = regions;
  }

  cut(a: string, b: string): void {
    this.cutWays.add(`${a}>${b}`).add(`${b}>${a}`);
  }
  heal(): void {
    this.cutWays.clear();
  }

  link(region: string): PeerLink {
    const endpoint: Endpoint = { beats: [], asked: new Map() };
    this.#endpoints.set(region, endpoint);
    const peers = this.regions.filter((peer) => peer !== region);
    return {
      region,
      peers,
      follow: () => {
        throw new Error("nobody follows logs here");
      },
      beat: (text) => {
        for (const peer of peers) this.send(region, peer, ({ beats }) => beats.forEach((hear) => void hear(region, text)));
      },
      onBeat: (listener) => void endpoint.beats.push(listener),
      tell: () => {},
      onTold: () => {},
      ask: (peer, question, text, timeoutMs) =>
        new Promise((resolve, reject) => {
          this.time.after(timeoutMs, () => reject(new Error(`${peer} did not answer ${question}`)));
          this.send(region, peer, ({ asked }) => {
            const answer = asked.get(question)?.(region, text);
            answer?.then(
              (said) => this.send(peer, region, () => resolve(said)),
              (failure: unknown) => this.send(peer, region, () => reject(failure)),
            );
          });
        }),
      onAsked: (question, answer) => void endpoint.asked.set(question, answer),
      close: async () => {},
    };
  }

  send(from: string, to: string, receive: (endpoint: Endpoint) => void): void {
    const arrives = (): boolean => !this.cutWays.has(`${from}>${to}`);
    if (!arrives()) return;
    this.time.after(this.wayMs, () => {
      const endpoint = this.#endpoints.get(to);
      if (endpoint !== undefined && arrives()) receive(endpoint);
    });
  }
}
