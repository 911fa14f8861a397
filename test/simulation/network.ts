/** The links between regions, each direction on its own: delay, jitter, loss, repetition, reordering, cuts, jams. Cuts are black holes; a jam queues and bursts. */
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

export interface Way {
  delayMs: number;
  jitterMs: number;
  loss: number;
  repeat: number;
  reorder: number;
  cut: boolean;
  /** How often it was cut, healed, jammed, or let go in one burst. */
  turns: number;
  jammed: boolean;
  /** When the last message in order arrives: later ones do not overtake it unless reordered. */
  arrivesMs: number;
  queue: (() => void)[];
}

/** What TCP still holds at the heal of a short cut arrives late; of a long one nothing (reliability.md §2). */
const HELD = 20;
const HELD_CHANCE = 0.15;

export class Network {
  readonly #ways = new Map<string, Way>();
  readonly #scheduler: Scheduler;
  readonly #random: Random;

  constructor(regions: readonly string[], scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler;
    this.#random = random;
    for (const from of regions)
      for (const to of regions) {
        if (from === to) continue;
        const delayMs = Math.round(random.between(5, 90));
        this.#ways.set(`${from}>${to}`, {
          delayMs,
          jitterMs: delayMs / 4,
          loss: 0,
          repeat: 0,
          reorder: 0,
          cut: false,
          turns: 0,
          jammed: false,
          arrivesMs: 0,
          queue: [],
        });
      }
  }

  way(from: string, to: string): Way {
    const way = this.#ways.get(`${from}>${to}`);
    if (way === undefined) throw new Error(`there is no link ${from} > ${to}`);
    return way;
  }

  /** Whether messages pass in both directions: TCP needs both, whatever the direction of the data. */
  connected(a: string, b: string): boolean {
    return !this.way(a, b).cut && !this.way(b, a).cut;
  }

  /** A message on its way: it arrives late, twice, out of order or never. */
  send(from: string, to: string, arrive: () => void): void {
    const way = this.way(from, to);
    if (!this.connected(from, to)) {
      if (way.queue.length < HELD && this.#random.chance(HELD_CHANCE)) way.queue.push(arrive);
      return;
    }
    if (way.jammed) way.queue.push(arrive);
    else this.#carry(from, to, way, arrive);
  }

  cut(from: string, to: string): void {
    const way = this.way(from, to);
    way.cut = true;
    way.turns += 1;
  }

  heal(from: string, to: string): void {
    const way = this.way(from, to);
    way.cut = false;
    way.turns += 1;
    this.#flush(from, to);
    this.#flush(to, from);
  }

  jam(from: string, to: string, jammed: boolean): void {
    const way = this.way(from, to);
    way.jammed = jammed;
    way.turns += 1;
    this.#flush(from, to);
  }

  /** Every link whole again. */
  healAll(): void {
    for (const way of this.#ways.values())
      Object.assign(way, { loss: 0, repeat: 0, reorder: 0, cut: false, jammed: false, delayMs: Math.min(way.delayMs, 90), jitterMs: 10 });
    for (const name of this.#ways.keys()) {
      const [from = "", to = ""] = name.split(">");
      this.#flush(from, to);
    }
  }

  #flush(from: string, to: string): void {
    const way = this.way(from, to);
    if (!this.connected(from, to) || way.jammed) return;
    const queue = way.queue;
    way.queue = [];
    for (const arrive of queue) this.#carry(from, to, way, arrive);
  }

  #carry(from: string, to: string, way: Way, arrive: () => void): void {
    const random = this.#random;
    if (random.chance(way.loss)) return;
    const now = this.#scheduler.nowMs;
    const late = now + way.delayMs + random.next() * way.jitterMs;
    const at = random.chance(way.reorder) ? late + random.next() * 150 : Math.max(late, way.arrivesMs);
    way.arrivesMs = Math.max(way.arrivesMs, at);
    const land = (): void => {
      if (this.connected(from, to)) arrive();
    };
    this.#scheduler.after(at - now, land);
    if (random.chance(way.repeat)) this.#scheduler.after(at - now + random.next() * 300, land);
  }
}
