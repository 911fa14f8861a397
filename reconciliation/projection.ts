/**
 * Brings what has changed in this region into a real store that stands beside the embedded one, page by page, in the order it was applied. The
 * store may be away for hours: changes wait where they stand anyway, in the audit log on disk, and nothing piles up in memory. Commands, replies and
 * delivery never wait for it.
 *
 * What the store holds is what the store says: it is asked at the start, after every failure and from time to time. Where it says less than it
 * had acknowledged (a crash took its last seconds, or somebody emptied it), everything since is brought again.
 */
import type { Held, HeldNow } from "../core/ports/history-store.ts";
import type { StateStore } from "../core/ports/state-store.ts";
import type { Timer, Timers } from "../core/ports/time.ts";
import type { Vector } from "../core/position.ts";
import { joinVectors } from "../core/position.ts";
import { type Changes, changesAfter, lastChange } from "./changes.ts";
import { factsOf, LIVE, type Progress, type ProjectionFacts } from "./projection-facts.ts";

/** A store that follows. Everything it is given again changes nothing. */
export interface Sink {
  readonly name: string;
  held(): Promise<HeldNow>;
  /** Writes what these changes made, as the registers stand now; resolves when all of it is durable there. */
  take(changes: Changes): Promise<void>;
  /** Written after what it covers. */
  hold(held: Held): Promise<void>;
}

export interface ProjectionWatch {
  projected(sink: string, changes: number, tookMs: number): void;
  /** The store holds less than it had acknowledged: so many changes are brought again. */
  refilling(sink: string, changes: number): void;
  /** So many rows of the store said otherwise than the region, and have been said again. */
  mended(sink: string, rows: number): void;
  sinkFailed(sink: string, why: unknown): void;
  sinkBack(sink: string): void;
}

export interface ProjectionParts {
  readonly sink: Sink;
  /** Only what is committed is brought: a crash here takes nothing back that the store knows already. */
  readonly store: StateStore;
  /** Names this life of the embedded store; another one numbers its changes anew. */
  readonly series: string;
  readonly timers: Timers;
  readonly nowMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly watch?: Partial<ProjectionWatch>;
  readonly bounds?: Partial<typeof BOUNDS>;
}

const BOUNDS = {
  /** Changes brought at once. */
  page: 200,
  /** Positions are saved at most this often. */
  saveMs: 1_000,
  /** An idle store is asked this often what it holds. */
  askMs: 5_000,
  /** What a store has held for this long, no crash takes back: longer than Cassandra's periodic commit log waits for its disk (10 s). */
  settleMs: 30_000,
  /** Replicas that a read may ask have what was acknowledged this long ago. */
  readableMs: 2_000,
  againMs: 250,
  againLatestMs: 5_000,
  liveChanges: LIVE.changes,
  liveMs: LIVE.ms,
  /** Two answers in a row that took longer: the store is slow, and not this process that stood still once. */
  slowMs: 1_000,
};

export class Projection implements Progress {
  readonly #parts: ProjectionParts;
  readonly #bounds: typeof BOUNDS;
  /** The last change that the embedded store had when this process opened it: later numbers of an earlier process were given again. */
  readonly #first: number;
  #taken = 0;
  #saved = 0;
  #savedMs = 0;
  #askedMs = Number.NEGATIVE_INFINITY;
  #life: string | undefined;
  /** How long it took to say what it holds, the last time and the time before, ms. */
  #answersMs: readonly [last: number, before: number] = [0, 0];
  #settled = 0;
  #applied: Vector = {};
  /** What stands noted there; while less than it is brought again, the note stays. */
  #noted = 0;
  /** What was taken when; the first is readable. */
  readonly #takes: { readonly change: number; readonly atMs: number }[] = [];
  readonly #marks: { readonly change: number; readonly atMs: number }[] = [];
  #failures = 0;
  #why: string | null = "not asked yet";
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(parts: ProjectionParts) {
    this.#parts = parts;
    this.#bounds = { ...BOUNDS, ...parts.bounds };
    this.#first = lastChange(parts.store);
  }

  /** Something has been committed, or it is time to begin. */
  nudge(): void {
    if (this.#failures === 0) this.#after(0);
  }

  /** Up to this change the store has everything. */
  get taken(): number {
    return this.#taken;
  }
  /** Up to this change the store has had everything for a while, so that any replica of it shows it. */
  get readable(): number {
    const soMs = this.#parts.timers.monotonicMs() - this.#bounds.readableMs;
    while (this.#takes[1] !== undefined && this.#takes[1].atMs <= soMs) this.#takes.shift();
    return this.#takes[0]?.change ?? 0;
  }
  get reachable(): boolean {
    return this.#why === null;
  }

  facts(): ProjectionFacts {
    const { store, sink, nowMs } = this.#parts;
    const { liveChanges, liveMs, slowMs } = this.#bounds;
    const answerMs = Math.min(...this.#answersMs);
    const slow = answerMs <= slowMs ? null : `it answers after ${(answerMs / 1_000).toFixed(1)} s`;
    const standing = { taken: this.#taken, why: this.#why, slow, nowMs: nowMs() };
    return factsOf(sink.name, standing, store, { changes: liveChanges, ms: liveMs });
  }

  /** Ends after the page in hand, and notes how far it came. What waits still waits where it stood. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
    if (this.reachable && this.#saved !== this.#taken) await this.#save().catch(() => {});
  }

  #after(delayMs: number): void {
    if (this.#stopped || this.#running !== undefined) return;
    this.#timer?.cancel();
    this.#timer = this.#parts.timers.after(delayMs, () => void this.#turn());
  }

  async #turn(): Promise<void> {
    if (this.#running !== undefined || this.#stopped) return;
    this.#timer?.cancel();
    this.#running = this.#bring().then(
      () => this.#went(),
      (why: unknown) => this.#failed(why),
    );
    await this.#running;
    this.#running = undefined;
    this.#after(this.#failures === 0 ? this.#restMs() : this.#backoffMs());
  }

  #restMs(): number {
    const { store, timers } = this.#parts;
    if (lastChange(store) > this.#taken) return 0;
    const { saveMs, askMs } = this.#bounds;
    const now = timers.monotonicMs();
    const saving = this.#saved === this.#taken ? Number.POSITIVE_INFINITY : this.#savedMs + saveMs - now;
    return Math.max(0, Math.min(saving, this.#askedMs + askMs - now));
  }
  #backoffMs(): number {
    const { againMs, againLatestMs } = this.#bounds;
    return Math.min(againLatestMs, againMs * 2 ** Math.min(this.#failures - 1, 16)) * (0.5 + this.#parts.random() / 2);
  }

  async #bring(): Promise<void> {
    const { sink, store, timers, watch } = this.#parts;
    const { page, saveMs, askMs } = this.#bounds;
    if (timers.monotonicMs() - this.#askedMs >= askMs) await this.#ask();
    while (!this.#stopped) {
      const changes = changesAfter(store, this.#taken, page);
      if (changes === undefined) break;
      const startedMs = timers.monotonicMs();
      await sink.take(changes);
      watch?.projected?.(sink.name, changes.upTo - this.#taken, timers.monotonicMs() - startedMs);
      this.#taken = changes.upTo;
      this.#takes.push({ change: this.#taken, atMs: timers.monotonicMs() });
      this.#applied = joinVectors(this.#applied, changes.applied);
      if (this.#takes.length > 1_000) void this.readable;
      if (this.#saved === 0 || timers.monotonicMs() - this.#savedMs >= saveMs) await this.#save();
    }
    if ((this.#saved !== this.#taken || this.#settles()) && timers.monotonicMs() - this.#savedMs >= saveMs) await this.#save();
  }

  /** What was noted last has become settled, and that is not noted yet. */
  #settles(): boolean {
    const mark = this.#marks[0];
    return mark !== undefined && mark.change > this.#settled && this.#parts.timers.monotonicMs() - mark.atMs > this.#bounds.settleMs;
  }

  /**
   * Goes back to what the store says it holds, where that is less than we had noted there; and, when a server of it has started anew, to what no
   * crash takes back.
   */
  async #ask(): Promise<void> {
    const { sink, series, timers, watch } = this.#parts;
    const askedMs = timers.monotonicMs();
    const { held: said, life } = await sink.held();
    this.#answersMs = [timers.monotonicMs() - askedMs, this.#answersMs[0]];
    const held = said?.series === series ? said : undefined;
    const restarted = life !== (this.#life ?? held?.life ?? life);
    const holds = restarted ? Math.min(held?.settled ?? 0, held?.change ?? 0) : (held?.change ?? 0);
    const first = this.#life === undefined;
    this.#life = life;
    this.#askedMs = timers.monotonicMs();
    if (!first && holds >= this.#saved && !restarted) return;
    const from = Math.min(holds, first ? this.#first : this.#taken);
    if (!first) watch?.refilling?.(sink.name, this.#taken - from);
    this.#taken = from;
    this.#saved = from;
    this.#settled = Math.min(held?.settled ?? 0, from);
    this.#applied = held?.applied ?? {};
    this.#noted = held?.change ?? 0;
    this.#marks.splice(0);
    this.#takes.splice(0, this.#takes.length, { change: from, atMs: Number.NEGATIVE_INFINITY });
  }

  /** What is there is looked at first: a note over a loss would hide it. */
  async #save(): Promise<void> {
    const { sink, series, timers } = this.#parts;
    const change = this.#taken;
    await this.#ask();
    if (this.#taken !== change || change < this.#noted) return;
    const atMs = timers.monotonicMs();
    while ((this.#marks[0]?.atMs ?? atMs) < atMs - this.#bounds.settleMs) this.#settled = this.#marks.shift()?.change ?? this.#settled;
    this.#marks.push({ change, atMs });
    await sink.hold({ series, change, settled: this.#settled, life: this.#life ?? "", applied: this.#applied });
    this.#saved = change;
    this.#savedMs = atMs;
  }

  #went(): void {
    if (this.#why !== null) this.#parts.watch?.sinkBack?.(this.#parts.sink.name);
    this.#failures = 0;
    this.#why = null;
  }

  #failed(why: unknown): void {
    if (this.#failures === 0) this.#parts.watch?.sinkFailed?.(this.#parts.sink.name, why);
    this.#failures += 1;
    this.#why = why instanceof Error ? why.message : String(why);
    this.#askedMs = Number.NEGATIVE_INFINITY;
  }
}
