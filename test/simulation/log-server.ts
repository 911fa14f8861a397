/**
 * One region's log server, a process of its own beside the region: durable messages by epoch, and what is on its way to the disk. A crash of the
 * machine tears what was not durable; a full disk refuses; a lost answer leaves the writer not knowing (H14).
 */
import type { Life } from "./life.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

/** How long an id is known: publishing it again within keeps one copy (contract of EventLog.append). */
const WINDOW_MS = 120_000;

export interface LogFaults {
  diskFull: boolean;
  /** Extra time of each write. */
  slowMs: number;
  /** Chance that a stored message's answer never comes. */
  lostAnswers: number;
}

interface Writing {
  readonly epoch: number;
  readonly id: string;
  readonly text: string;
  readonly life: Life;
  readonly answer: (sequence: number) => void;
}

export class EpochLog {
  readonly texts: string[] = [];
  /** Which life wrote each message. */
  readonly writers: Life[] = [];
  readonly ids = new Map<string, { readonly sequence: number; readonly atMs: number }>();
  readonly onGrow: (() => void)[] = [];
  /** A region has written to it, or might have. */
  opened = false;
  /** Who wrote what was lost since. */
  readonly #formerWriters = new Map<string, Life>();

  store({ id, text, life }: Pick<Writing, "id" | "text" | "life">, atMs: number): number {
    const known = this.ids.get(id);
    if (known !== undefined && atMs - known.atMs < WINDOW_MS) return known.sequence;
    this.texts.push(text);
    this.writers.push(life);
    this.ids.set(id, { sequence: this.texts.length, atMs });
    for (const grow of this.onGrow) grow();
    return this.texts.length;
  }

  /** What its disk had, and has lost, is written back. */
  restore(text: string, life: Life): void {
    this.opened = true;
    this.texts.push(text);
    this.writers.push(this.#formerWriters.get(text) ?? life);
    for (const grow of this.onGrow) grow();
  }

  /** The disk has lost everything after the first `count` messages. */
  lose(count: number): void {
    this.texts.slice(count).forEach((text, at) => {
      const writer = this.writers[count + at];
      if (writer !== undefined) this.#formerWriters.set(text, writer);
    });
    this.texts.length = Math.min(count, this.texts.length);
    this.writers.length = this.texts.length;
    for (const [id, { sequence }] of this.ids) if (sequence > count) this.ids.delete(id);
    if (count === 0) this.opened = false;
  }
}

export class LogServer {
  readonly region: string;
  readonly faults: LogFaults = { diskFull: false, slowMs: 0, lostAnswers: 0 };
  up = true;
  readonly #epochs = new Map<number, EpochLog>();
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  #writing: Writing[] = [];

  constructor(region: string, scheduler: Scheduler, random: Random) {
    this.region = region;
    this.#scheduler = scheduler;
    this.#random = random;
  }

  epoch(epoch: number): EpochLog {
    let log = this.#epochs.get(epoch);
    if (log === undefined) {
      log = new EpochLog();
      this.#epochs.set(epoch, log);
    }
    return log;
  }

  get latestEpoch(): number {
    return Math.max(1, ...this.#epochs.keys());
  }

  get epochs(): readonly (readonly [number, EpochLog])[] {
    return [...this.#epochs];
  }

  /** One attempt to write. The answer comes after the message is durable, or never. */
  write(epoch: number, { id, text }: { readonly id: string; readonly text: string }, life: Life, answer: (sequence: number) => void): void {
    if (!this.up || this.faults.diskFull) return;
    const writing: Writing = { epoch, id, text, life, answer: (sequence) => life.deliver(() => answer(sequence)) };
    this.#writing.push(writing);
    this.#scheduler.after(0.3 + this.#random.next() * 2 + this.faults.slowMs, () => this.#durable(writing));
  }

  /** The machine dies: of what was being written a prefix is on the disk, the rest is torn off. Nobody is answered. */
  crash(): void {
    this.up = false;
    const survived = this.#random.below(this.#writing.length + 1);
    for (const writing of this.#writing.slice(0, survived)) this.epoch(writing.epoch).store(writing, this.#scheduler.nowMs);
    this.#writing = [];
  }

  #durable(writing: Writing): void {
    const at = this.#writing.indexOf(writing);
    if (at < 0) return;
    this.#writing.splice(at, 1);
    const sequence = this.epoch(writing.epoch).store(writing, this.#scheduler.nowMs);
    if (!this.#random.chance(this.faults.lostAnswers)) writing.answer(sequence);
  }
}
