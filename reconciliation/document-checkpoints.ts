/**
 * The documents of a region, read from their last checkpoint on (ADR 19). Checkpoints follow from the changes and are made behind everything else, once
 * enough has come since the last; whatever makes one untrue takes it away where the register is saved (`register-rows.ts`).
 */
import type { Event } from "../core/event.ts";
import type { DocumentSource } from "../core/ports/documents.ts";
import type { Checkpoint, KeyRange } from "../core/ports/state-store.ts";
import { keysUnder } from "../core/ports/state-store.ts";
import type { Timer, Timers } from "../core/ports/time.ts";
import type { Stamp } from "../core/stamp.ts";
import { stampTimeMs } from "../core/stamp.ts";
import type { DocumentKey, StandingChange } from "./document-rows.ts";
import { allChanges, changesAbove, documentKey, stateKey, tailKey } from "./document-rows.ts";
import { joined } from "./document-state.ts";
import type { TableWriter } from "./register-rows.ts";

/** Nothing with a stamp up to there is still to come: from any region; from those that are not cut off. Ms since 1970. */
export interface ClosedTimes {
  readonly allMs: number;
  readonly reachableMs: number;
}
export interface CheckpointParts {
  readonly tables: TableWriter;
  readonly timers: Timers;
  readonly closed: () => ClosedTimes;
  /** So much must have come since the last checkpoint before there is another; absent: 64 KiB. */
  readonly dueBytes?: number;
  /** Rows have been put. */
  readonly wrote: () => void;
}

/** What reading a change costs beside its bytes, as bytes. */
const ROW_BYTES = 128;
/** A checkpoint is made when reading what came since costs this much, and a quarter of the last one: making them then costs a few readings of each change. */
const DUE_BYTES = 65_536;
const DUE_SHARE = 4;
const LOOK_MS = 1_000;
/** Documents of which it is counted what has come; past that many they wait to be opened. */
const COUNTED_MOST = 10_000;

export class DocumentCheckpoints implements DocumentSource {
  readonly #parts: CheckpointParts;
  readonly #dueBytes: number;
  readonly #counted = new Map<DocumentKey, number>();
  /** To be looked at once nothing before this time can come any more, as what comes late would take the checkpoint away again. */
  readonly #due = new Map<DocumentKey, number>();
  #timer: Timer | undefined;
  #begun = false;

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
    this.#dueBytes = parts.dueBytes ?? DUE_BYTES;
  }

  /** The region stands: closed times can be asked for. */
  begin(): void {
    this.#begun = true;
    this.#wait(LOOK_MS);
  }

  changes(channel: string, document: string | null): Iterable<string> {
    const of = documentKey(channel, document);
    const { base, above } = this.#read(of);
    if (this.#isDue(base, above)) this.#ask(of, 0);
    return base === undefined ? textsOf(above) : [base.state, ...textsOf(above)];
  }

  /** A change has come, of whichever region. */
  heard({ channel, data, stamp }: Extract<Event, { readonly kind: "document.updated" }>): void {
    const of = documentKey(channel, data.document);
    const bytes = (this.#counted.get(of) ?? 0) + costOf(data.update);
    if (bytes < this.#dueBytes) {
      if (this.#counted.size >= COUNTED_MOST) this.#counted.clear();
      this.#counted.set(of, bytes);
      return;
    }
    this.#counted.delete(of);
    this.#ask(of, stampTimeMs(stamp));
  }

  #isDue(base: Checkpoint | undefined, above: readonly StandingChange[]): boolean {
    return above.reduce((sum, { update }) => sum + costOf(update), 0) >= Math.max(this.#dueBytes, (base?.bytes ?? 0) / DUE_SHARE);
  }

  stop(): void {
    this.#begun = false;
    this.#timer?.cancel();
  }

  #read(of: DocumentKey): { readonly base?: Base; readonly kept: readonly Checkpoint[]; readonly above: readonly StandingChange[] } {
    const { tables } = this.#parts;
    const kept = tables.get("documents", of) ?? [];
    const newest = kept.at(-1);
    const state = newest === undefined ? undefined : tables.get("documentStates", stateKey(of, newest.stamp));
    if (newest === undefined || state === undefined) return { kept: [], above: allChanges(tables, of) };
    return { base: { ...newest, state }, kept, above: changesAbove(tables, of, newest.stamp) };
  }

  #ask(of: DocumentKey, whenMs: number): void {
    this.#due.set(of, whenMs);
    this.#wait(LOOK_MS);
  }

  #wait(ms: number): void {
    if (!this.#begun || this.#due.size === 0 || this.#timer !== undefined) return;
    this.#timer = this.#parts.timers.after(ms, () => {
      this.#timer = undefined;
      this.#look();
    });
  }

  /** One a turn: what it costs is bounded by what one document holds. */
  #look(): void {
    const closed = this.#parts.closed();
    const next = [...this.#due].find(([, whenMs]) => whenMs <= closed.reachableMs);
    if (next !== undefined) {
      this.#due.delete(next[0]);
      this.#make(next[0], closed);
    }
    this.#wait(next === undefined ? LOOK_MS : 0);
  }

  /**
   * Folds what stands up to the closed time. While a region is cut off that is the others' time, so that a long cut fills no document; the last
   * checkpoint that nothing can make untrue is kept beside, for when what was written over there comes.
   */
  #make(of: DocumentKey, { allMs, reachableMs }: ClosedTimes): void {
    const { base, kept, above } = this.#read(of);
    if (!this.#isDue(base, above)) return;
    const folded = above.filter(({ stamp }) => stampTimeMs(stamp) <= reachableMs);
    const last = folded.at(-1);
    if (last === undefined) return;
    const state = joined(base === undefined ? textsOf(folded) : [base.state, ...textsOf(folded)]);
    const made = { stamp: last.stamp, bytes: state.length };
    const sure = stampTimeMs(made.stamp) <= allMs ? undefined : kept.findLast(({ stamp }) => stampTimeMs(stamp) <= allMs);
    this.#save(of, kept, sure === undefined ? [made] : [sure, made], Buffer.from(state).toString("base64"));
    if (base === undefined) this.#index(of, made.stamp, above);
    this.#parts.wrote();
  }

  #save(of: DocumentKey, before: readonly Checkpoint[], after: readonly [Checkpoint, ...Checkpoint[]], state: string): void {
    const { tables } = this.#parts;
    for (const gone of before) if (!after.includes(gone)) tables.put("documentStates", stateKey(of, gone.stamp), undefined);
    tables.put("documentStates", stateKey(of, after.at(-1)?.stamp ?? ""), state);
    tables.put("documents", of, after);
    const upTo = stateKey(of, `${after[0].stamp}!`);
    this.#unindex({ from: `${of}|`, to: upTo });
  }

  /** Without a checkpoint nothing is indexed, and what was indexed for an earlier one may be untrue. */
  #index(of: DocumentKey, above: Stamp, standing: readonly StandingChange[]): void {
    const { tables } = this.#parts;
    this.#unindex(keysUnder(`${of}|`));
    for (const change of standing) if (change.stamp > above) tables.put("documentTails", tailKey(of, change), true);
  }

  #unindex(range: KeyRange): void {
    const { tables } = this.#parts;
    for (const [row] of [...tables.range("documentTails", range)]) tables.put("documentTails", row, undefined);
  }
}

interface Base extends Checkpoint {
  /** A Yjs update, in base64. */
  readonly state: string;
}

const textsOf = (changes: readonly StandingChange[]): string[] => changes.map(({ update }) => update);
const costOf = (update: string): number => (update.length * 3) / 4 + ROW_BYTES;
