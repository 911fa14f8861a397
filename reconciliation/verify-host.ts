/**
 * One region's side of `verify` (H7): it holds, advances to the common vector, opens one read transaction there, goes on with its life and
 * answers from the transaction. One barrier at a time. Whatever the asker does or fails to do, the hold ends after five seconds and the
 * transaction ten seconds after the last question: both are timers of this region's own. A state of any size can so be proved equal at one
 * vector, by an asker who is there; what it costs is that pages of the store freed meanwhile are not used again before (H13), so there is an
 * end to that too.
 */
import { LIMITS } from "../core/limits.ts";
import type { TableSnapshot } from "../core/ports/state-store.ts";
import type { Timer, Timers } from "../core/ports/time.ts";
import type { Vector } from "../core/position.ts";
import { parseVector, vectorText } from "../core/position.ts";
import { same } from "./marks.ts";
import { bucketName, pageAfter, proofOf, type RootMode, RootReading, type StateRoot } from "./verify-root.ts";
import type { Page, VerifyQuestions } from "./verify-words.ts";
import { PAGE } from "./verify-words.ts";

/** What the region lets `verify` do with it. */
export interface VerifiedRegion {
  /** Freezes a view of the state, beside which life may go on; answers what is applied. Ended by `releaseAll` alone. */
  holdAll(): Vector | Promise<Vector>;
  /** Brings the view to exactly this. True when it is there; may stay open when it cannot be reached. */
  advanceTo(vector: Vector): Promise<boolean>;
  /** The view, to read from. */
  snapshot(): Promise<TableSnapshot>;
  releaseAll(): void;
  /** Events that stand in quarantine. */
  quarantined(): number;
}

export interface ComparedWhole {
  readonly equal: boolean;
  readonly digest: string;
  /** How long reading the kept sums took here; 0 where the registers themselves were read, as somebody asked for that. */
  readonly sumsMs: number;
}

export interface VerifyHostOptions {
  readonly region: VerifiedRegion;
  readonly timers: Timers;
  /** All regions were compared at one vector, as a whole: equal with this digest, or not. */
  readonly compared: (outcome: ComparedWhole) => void;
}

interface Barrier {
  readonly session: string;
  readonly asker: string;
  /** Resolves when the barrier is over, for whatever reason. */
  readonly over: Promise<void>;
  readonly end: () => void;
  timer: Timer;
  held: boolean;
  snapshot?: TableSnapshot;
  /** Monotonic; no question keeps the transaction beyond it. */
  lastMs: number;
  reading?: RootReading;
  readMs: number;
  /** The last root computed: where buckets are listed from, and what an outcome is believed by. */
  root?: StateRoot & { readonly whole: boolean };
}

/** Read before an answer is given, so that the asker knows that it goes on. */
const PIECE_MS = 1_000;

class Gone extends Error {}

type Handlers = {
  readonly [Q in keyof VerifyQuestions]: (asker: string, ask: VerifyQuestions[Q]["ask"]) => Promise<VerifyQuestions[Q]["answer"]>;
};

export class VerifyHost implements Handlers {
  readonly #options: VerifyHostOptions;
  #barrier: Barrier | undefined;

  constructor(options: VerifyHostOptions) {
    this.#options = options;
  }

  /** A barrier stands in this region. */
  get busy(): boolean {
    return this.#barrier !== undefined;
  }

  async hold(asker: string, { session }: { readonly session: string }): Promise<VerifyQuestions["hold"]["answer"]> {
    if (this.#barrier !== undefined) return { applied: null };
    const barrier = this.#begin(asker, session);
    const applied = await Promise.race([this.#options.region.holdAll(), barrier.over.then(() => null)]);
    return { applied: applied === null ? null : vectorText(applied) };
  }

  async advance(asker: string, { session, vector }: VerifyQuestions["advance"]["ask"]): Promise<VerifyQuestions["advance"]["answer"]> {
    const barrier = this.#barrier;
    const quarantined = this.#options.region.quarantined();
    if (barrier?.session !== session || barrier.asker !== asker) return { reached: false, quarantined };
    const target = parseVector(vector);
    const reached =
      target !== undefined && barrier.held && (await Promise.race([this.#openAt(barrier, target), barrier.over.then(() => false)]));
    if (!reached) this.#end(barrier);
    return { reached, quarantined };
  }

  async root(asker: string, { session, mode, channel }: VerifyQuestions["root"]["ask"]): Promise<VerifyQuestions["root"]["answer"]> {
    const barrier = this.#at(asker, session);
    const { snapshot } = barrier;
    if (snapshot === undefined) throw new Gone("the barrier has not been reached");
    const reading = sameReading(barrier.reading, mode, channel) ?? new RootReading(snapshot, { mode, channel });
    barrier.reading = reading;
    const beganMs = this.#options.timers.monotonicMs();
    let root = reading.readOn();
    while (root === undefined && this.#options.timers.monotonicMs() < beganMs + PIECE_MS) {
      await this.#pause(barrier);
      root = reading.readOn();
    }
    if (mode === "light") barrier.readMs += this.#options.timers.monotonicMs() - beganMs;
    if (root === undefined) return { root: null, read: reading.rows };
    barrier.root = { ...root, whole: channel === undefined };
    return { root: { digest: root.digest, proof: root.proof, events: root.events }, read: reading.rows };
  }

  async buckets(asker: string, { session, after }: VerifyQuestions["buckets"]["ask"]): Promise<Page<readonly [string, string, string]>> {
    const { root } = this.#at(asker, session);
    const rest = (root?.buckets ?? []).filter(({ name }) => name > after);
    const items = rest.slice(0, PAGE).map(({ name, sum, proof }) => [name, sum, proof] as const);
    return { items, more: rest.length > PAGE, upTo: items.at(-1)?.[0] ?? after };
  }

  async registers(
    asker: string,
    { session, bucket, after }: VerifyQuestions["registers"]["ask"],
  ): Promise<Page<readonly [string, string]>> {
    const barrier = this.#at(asker, session);
    const { snapshot } = barrier;
    if (snapshot === undefined) throw new Gone("the barrier has not been reached");
    const channel = bucket.slice(0, bucket.lastIndexOf("|"));
    const items: [string, string][] = [];
    const untilMs = this.#options.timers.monotonicMs() + PIECE_MS;
    let upTo = after;
    for (;;) {
      const page = pageAfter(snapshot, "registers", channel, upTo);
      for (const [key, register] of page) if (bucketName(key, register) === bucket) items.push([key, proofOf(register)]);
      upTo = page.at(-1)?.[0] ?? upTo;
      const more = page.length > 0;
      if (!more || items.length > PAGE - page.length || this.#options.timers.monotonicMs() >= untilMs) return { items, more, upTo };
      await this.#pause(barrier);
    }
  }

  async values(asker: string, { session, keys }: VerifyQuestions["values"]["ask"]): Promise<VerifyQuestions["values"]["answer"]> {
    const { snapshot } = this.#at(asker, session);
    const shown = keys.map((key) => {
      const register = snapshot?.get("registers", key);
      if (register === undefined) return [key, null] as const;
      const { value, winner, heads } = register.resolution;
      return [key, { value, winner, heads, events: register.count, sum: register.sum }] as const;
    });
    return { values: Object.fromEntries(shown) };
  }

  async release(asker: string, { session, equal }: VerifyQuestions["release"]["ask"]): Promise<Record<string, never>> {
    const barrier = this.#barrier;
    if (barrier === undefined || barrier.session !== session || barrier.asker !== asker) return {};
    const { root, readMs } = barrier;
    this.#end(barrier);
    if (equal !== undefined && root?.whole) this.#options.compared({ equal, digest: root.digest, sumsMs: readMs });
    return {};
  }

  /** Ends whatever stands: this region is closing. */
  close(): void {
    if (this.#barrier !== undefined) this.#end(this.#barrier);
  }

  #begin(asker: string, session: string): Barrier {
    let end: () => void = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const timer = this.#options.timers.after(LIMITS.verifyHoldMs, () => this.#end(barrier));
    const barrier: Barrier = { session, asker, over, end, timer, held: true, lastMs: 0, readMs: 0 };
    this.#barrier = barrier;
    return barrier;
  }

  #at(asker: string, session: string): Barrier {
    const barrier = this.#barrier;
    if (barrier === undefined || barrier.session !== session || barrier.asker !== asker) throw new Gone("this barrier is over");
    if (!barrier.held) this.#stay(barrier);
    return barrier;
  }

  /** Somebody asks on. */
  #stay(barrier: Barrier): void {
    const { timers } = this.#options;
    barrier.timer.cancel();
    const leftMs = Math.min(LIMITS.verifyReadMs, barrier.lastMs - timers.monotonicMs());
    barrier.timer = timers.after(Math.max(1, leftMs), () => this.#end(barrier));
  }

  async #openAt(barrier: Barrier, vector: Vector): Promise<boolean> {
    const { region, timers } = this.#options;
    barrier.lastMs = timers.monotonicMs() + LIMITS.verifyWholeMs;
    if (!(await region.advanceTo(vector)) || this.#barrier !== barrier) return false;
    const snapshot = await region.snapshot();
    if (this.#barrier !== barrier || !standsAt(snapshot, vector)) {
      snapshot.close();
      return false;
    }
    barrier.snapshot = snapshot;
    this.#letGo(barrier);
    this.#stay(barrier);
    return true;
  }

  #letGo(barrier: Barrier): void {
    barrier.timer.cancel();
    if (!barrier.held) return;
    barrier.held = false;
    this.#options.region.releaseAll();
  }

  #end(barrier: Barrier): void {
    if (this.#barrier !== barrier) return;
    this.#barrier = undefined;
    this.#letGo(barrier);
    barrier.snapshot?.close();
    barrier.end();
  }

  #pause(barrier: Barrier): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#options.timers.after(0, () => (this.#barrier === barrier ? resolve() : reject(new Gone("the time to read is over"))));
    });
  }
}

const sameReading = (reading: RootReading | undefined, mode: RootMode, channel: string | undefined): RootReading | undefined =>
  reading?.asked.mode === mode && reading.asked.channel === channel ? reading : undefined;

/** Whether the transaction shows exactly this vector: state and positions are committed together, so its own positions tell (L2). */
function standsAt(snapshot: TableSnapshot, vector: Vector): boolean {
  const positions = new Map(snapshot.range("positions", { from: "", to: "\u{7f}" }));
  return (
    positions.size === Object.keys(vector).length &&
    Object.entries(vector).every(([origin, point]) => same(positions.get(origin) ?? { ...point, sequence: -1 }, point))
  );
}
