/** One region's machine: its disks, its log server, its wall clock, and the region's process that runs on it, dies on it and starts again. */
import type { MemoryStore } from "../../regions/embedded/memory-store.ts";
import { openMemoryStore } from "../../regions/embedded/memory-store.ts";
import type { ClockFault } from "./life.ts";
import { Life } from "./life.ts";
import type { LogServer } from "./log-server.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

export interface StoreFaults {
  full: boolean;
  slowMs: number;
}

export interface MachineParts<R> {
  readonly region: string;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly server: LogServer;
  /** Opens the region's program on this machine. */
  readonly boot: (machine: Machine<R>, life: Life) => Promise<R>;
  /** A region that cannot start is a finding. */
  readonly failed: (failure: unknown) => void;
  /** Whether the region's door is shut for now. */
  readonly shut: (running: R) => boolean;
}

/** Longer than any simulation. */
const DRIFTED_MS = 60_000;
/** After trouble ends, what it left waiting may still be slow for this long. */
const AFTERMATH_MS = 3_000;

export class Machine<R> {
  readonly region: string;
  readonly server: LogServer;
  readonly clock: ClockFault = { skewMs: 0, drift: 0 };
  readonly storeFaults: StoreFaults = { full: false, slowMs: 0 };
  readonly #parts: MachineParts<R>;
  #life: Life | undefined;
  #running: R | undefined;
  #boots = 0;
  #standstills = 0;
  #store: MemoryStore;
  #beganEmpty = true;
  #storeLost = false;
  /** The worst its wall clock has been while a process ran by it. */
  mostAheadMs = 0;
  mostBehindMs = 0;
  #troubledMs = Number.NEGATIVE_INFINITY;

  constructor(parts: MachineParts<R>) {
    this.#parts = parts;
    this.region = parts.region;
    this.server = parts.server;
    this.#store = this.#disk();
  }

  get store(): MemoryStore {
    return this.#store;
  }
  /** The region's program, when it is up. */
  get running(): R | undefined {
    return this.#life?.paused ? undefined : this.#running;
  }
  /** The same, when people can speak to it. */
  get serving(): R | undefined {
    const { running } = this;
    return running === undefined || this.#parts.shut(running) ? undefined : running;
  }
  get boots(): number {
    return this.#boots;
  }
  /** How often it has begun to stand still, and gone on. */
  get standstills(): number {
    return this.#standstills;
  }
  /** This life began with a store that held nothing. */
  get beganEmpty(): boolean {
    return this.#beganEmpty;
  }
  /** When the present life began, if the store was lost before: what was accepted earlier is known from logs alone. */
  get rebornMs(): number {
    return this.#storeLost ? (this.#life?.bootMs ?? 0) : Number.NEGATIVE_INFINITY;
  }
  get life(): Life | undefined {
    return this.#life;
  }

  start(): void {
    this.server.up = true;
    if (this.#life !== undefined) return;
    const life = new Life(this.#parts.scheduler, this.clock);
    this.#life = life;
    this.#boots += 1;
    this.#beganEmpty = this.#store.get("facts", "highest") === undefined;
    const { skewMs, drift } = this.clock;
    this.mostAheadMs = Math.max(this.mostAheadMs, skewMs, skewMs + DRIFTED_MS * drift);
    this.mostBehindMs = Math.max(this.mostBehindMs, -skewMs, -skewMs - DRIFTED_MS * drift);
    this.#parts.boot(this, life).then(
      (running) => {
        if (!life.ended) this.#running = running;
      },
      (failure: unknown) => {
        if (!life.ended) this.#parts.failed(failure);
      },
    );
  }

  /** kill -9 of the region's process: its disks and its log server stay. */
  crash(): void {
    this.#life?.end();
    this.#life = undefined;
    this.#running = undefined;
    this.store.crash();
  }

  /** The store's folder is gone; the log server keeps what it has. The process is down. */
  loseStore(): void {
    this.#store = this.#disk();
    this.#storeLost = true;
  }

  /** The whole machine stops: what was not durable is torn. */
  powerOff(): void {
    this.crash();
    this.server.crash();
  }

  pause(): void {
    this.#standstills += 1;
    this.#life?.pause();
  }

  resume(): void {
    if (this.#life?.paused === true) this.#standstills += 1;
    this.#life?.resume();
  }

  /** Whatever is wrong with the machine is mended. */
  mend(): void {
    Object.assign(this.server.faults, { diskFull: false, slowMs: 0, lostAnswers: 0 });
    Object.assign(this.storeFaults, { full: false, slowMs: 0 });
    this.resume();
    this.start();
  }

  /** Looks whether anything is wrong; called every now and then. */
  look(): void {
    if (this.#troubled()) this.#troubledMs = this.#parts.scheduler.nowMs;
  }

  /** Nothing was wrong with this machine lately, so a command here must be answered at once. */
  wellSince(sinceMs: number): boolean {
    this.look();
    return this.#troubledMs + AFTERMATH_MS < sinceMs;
  }

  #troubled(): boolean {
    const { diskFull, slowMs, lostAnswers } = this.server.faults;
    return this.serving === undefined || diskFull || slowMs > 0 || lostAnswers > 0 || this.storeFaults.full || this.storeFaults.slowMs > 0;
  }

  #disk(): MemoryStore {
    return openMemoryStore({ durable: (run) => this.#commit(run) });
  }

  #commit(run: (refusal?: Error) => void): void {
    const { scheduler, random } = this.#parts;
    const life = this.#life;
    scheduler.after(1 + random.next() * 6 + this.storeFaults.slowMs, () =>
      life?.deliver(() => run(this.storeFaults.full ? new Error("no space left on device") : undefined)),
    );
  }
}
