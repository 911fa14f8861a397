/**
 * A region's replica: every event, own or a peer's, live or replayed, goes through `apply` and nothing else changes state (the super idea of
 * architecture.md). Order and repetition do not matter for the state; per origin the gate keeps the order of the log.
 *
 * Rows are written to memory at once (H4) and committed by the region from time to time; positions are rows like all others, so state and
 * position can never come apart (L2).
 */

import { canonical } from "../core/canonical.ts";
import type { View } from "../core/commands/decision.ts";
import type { Event, Placed } from "../core/event.ts";
import { sha256 } from "../core/hash.ts";
import type { TableReader } from "../core/ports/state-store.ts";
import { keysUnder } from "../core/ports/state-store.ts";
import type { Point, Position, Vector } from "../core/position.ts";
import { covers, coversAll, parseVector, placeKey } from "../core/position.ts";
import type { Entry, Register, RegisterKey, Write } from "../core/register.ts";
import { readKey } from "../core/register.ts";
import { applyWrite, reresolve } from "../core/register-apply.ts";
import { asFirstWritten, writesOf } from "../core/writes.ts";
import { WrittenEvent } from "../core/written-event.ts";
import { AuditRows, auditKey } from "./audit-rows.ts";
import { rememberCommand } from "./command-rows.ts";
import { rememberEpochEnd } from "./epoch-ends.ts";
import { indexEvent } from "./event-rows.ts";
import { Judging } from "./judging.ts";
import type { RecordChange, TableWriter } from "./register-rows.ts";
import { saveRegister } from "./register-rows.ts";

/** What one event did here. */
export interface Applied {
  readonly placed: Placed;
  /** What the region had applied after it. */
  readonly after: Vector;
  /** A twin of a version that stood already, or a repetition: nobody is told again (H5). */
  readonly silent: boolean;
  readonly records: readonly RecordChange[];
  /** Memberships that stand otherwise now, by a late witness or right: no event of theirs says so. */
  readonly turned: readonly RegisterKey[];
}

export interface ReplicaParts {
  readonly region: string;
  readonly tables: TableWriter;
  readonly nowMs: () => number;
  readonly view: (replica: Replica) => View;
  readonly applied: (applied: Applied) => void;
  /** An event stands aside (H14). */
  readonly quarantined?: (position: Position, reason: string, raw: string) => void;
  /** A stretch of an origin's stamps has become distrusted (T2). */
  readonly distrusted: (origin: string) => void;
}

export class Replica {
  readonly #parts: ReplicaParts;
  readonly audit: AuditRows;
  readonly judging: Judging;
  readonly view: View;
  #vector: Vector;
  #events = 0;
  #turned: RegisterKey[] = [];

  constructor(parts: ReplicaParts) {
    this.#parts = parts;
    this.audit = new AuditRows(parts.tables, parts.region, parts.nowMs);
    this.judging = new Judging(parts.tables, () => this.#vector);
    this.view = parts.view(this);
    this.#vector = Object.fromEntries(parts.tables.range("positions", { from: "", to: "\u{7f}" }));
  }

  /** This region's rows, newest first of all. */
  get tables(): TableReader {
    return this.#parts.tables;
  }

  get auditEntries(): number {
    return this.audit.entries;
  }

  get vector(): Vector {
    return this.#vector;
  }

  /** Applies one log message's events, oldest first. What stands at or below the position applied changes nothing. `texts`: each canonically, where known. */
  applyMessage(origin: string, epoch: number, sequence: number, events: readonly Event[], texts: readonly string[] = []): void {
    for (const [place, event] of events.entries()) this.apply({ position: { origin, epoch, sequence, place }, event }, texts[place]);
  }

  /** `written`: the event's canonical text, where it has been written already. */
  apply(placed: Placed, written?: string): void {
    const { position, event } = placed;
    if (covers(this.#vector, position.origin, position)) return;
    const first = asFirstWritten(placed);
    const text = first === placed && written !== undefined ? written : canonical(first.event);
    const hash = sha256(text);
    const { silent, records } = this.#effectOf(first, hash);
    const row = first === placed ? new WrittenEvent(placed, text) : placed;
    const place = placeKey(position);
    rememberCommand(this.#parts.tables, event, indexEvent(this.#parts.tables, row, place, silent));
    if (event.kind === "epoch.opened") rememberEpochEnd(this.#parts.tables, position.origin, event, this.#vector[position.origin]);
    this.audit.version(placed, hash, place, silent);
    for (const record of records) this.audit.record(record, event);
    this.#advance(position);
    const turned = this.#turned;
    this.#turned = [];
    this.#parts.applied({ placed, after: this.#vector, silent, records, turned });
  }

  /** An event that could not be taken stands aside, shown and whole; the log goes on (H14). */
  quarantine(position: Position, reason: string, raw: string): void {
    if (covers(this.#vector, position.origin, position)) return;
    this.#parts.tables.put("quarantine", placeKey(position), { reason, raw });
    this.audit.quarantine(position, reason, raw);
    this.#advance(position);
    this.#parts.quarantined?.(position, reason, raw);
  }

  /** How many stand aside. */
  get aside(): number {
    return [...this.#parts.tables.range("quarantine", keysUnder(""))].length;
  }

  /** What an operator ordered: no event, but a fact for the audit log. */
  ordered(fact: Readonly<Record<string, unknown>>): void {
    this.audit.operator(fact);
  }

  #advance({ origin, epoch, sequence, place }: Position): void {
    const point: Point = { epoch, sequence, place };
    this.#parts.tables.put("positions", origin, point);
    this.#vector = { ...this.#vector, [origin]: point };
    this.#events += 1;
    if (this.#events % SWEEP_EVENTS === 0) this.judging.sweep();
  }

  /** `hash`: SHA-256 of the canonical event (D9). */
  #effectOf({ event, position }: Placed, hash: string): Effect {
    if (event.kind === "clock.witnessed") return this.#witnessed(event, position);
    return this.#write(writesOf(event, position, hash));
  }

  #write(writes: readonly Write[]): Effect {
    const { tables } = this.#parts;
    const records: RecordChange[] = [];
    let silent = writes.length > 0;
    for (const write of writes) {
      const before = tables.get("registers", write.key);
      const after = applyWrite(before, write, this.judging.with(before, write));
      if (after === before) continue;
      if (!isTwin(before, write) && !this.#isVoid(after, write)) silent = false;
      records.push(...saveRegister(tables, before, after));
      if (!("entry" in write)) continue;
      this.judging.lean(before, after, write.entry);
      records.push(...this.#settle(this.judging.staleBy(write.key)));
    }
    return { silent, records };
  }

  /** An event without right has no effect, so nobody is told of it (D6); but what its origin saw must all be here, else it may yet be found right. */
  #isVoid(after: Register, write: Write): boolean {
    if (!("entry" in write) || !after.resolution.void.includes(write.entry.stamp)) return false;
    return coversAll(this.#vector, parseVector(write.entry.after) ?? {});
  }

  /** A late witness flips verdicts: everything contested is judged again (D3), and what waits for a right that trust may now decide. */
  #witnessed(event: Extract<Event, { readonly kind: "clock.witnessed" }>, position: Position): Effect {
    this.judging.witness(event, position);
    const contested = [...this.#parts.tables.range("contested", { from: "", to: "\u{7f}" })].map(([key]) => key);
    this.#parts.distrusted(event.data.origin);
    return { silent: false, records: this.#settle([...new Set([...contested, ...this.judging.allOpen()])]) };
  }

  /** Judges registers again, each once: how an entry stands depends on what others wrote, not on how that stands now. */
  #settle(stale: readonly RegisterKey[]): readonly RecordChange[] {
    return stale.flatMap((key) => this.#resolveAgain(key));
  }

  #resolveAgain(key: RegisterKey): readonly RecordChange[] {
    const { tables } = this.#parts;
    const before = tables.get("registers", key);
    if (before === undefined) return [];
    const after = reresolve(before, this.judging.of(before));
    if (canonical(after.resolution) === canonical(before.resolution)) return [];
    const records = saveRegister(tables, before, after);
    if (readKey(key).kind === "member" && after.resolution.value !== before.resolution.value) this.#turned.push(key);
    this.judging.lean(before, after);
    tables.put("rejudged", `${auditKey(this.audit.entries + 1)}|${key}`, key);
    return records;
  }
}

interface Effect {
  readonly silent: boolean;
  readonly records: readonly RecordChange[];
}
/** Events between two looks at what is open to what is still to come. */
const SWEEP_EVENTS = 1_000;

/** Whether a version of equal author, command and content stood already (D5), or the author's marker of the same losers. */
function isTwin(before: Register | undefined, write: Write): boolean {
  if (before === undefined) return false;
  if ("entry" in write) return before.entries.some((entry) => sameVersion(entry, write.entry));
  const { author, of } = write.seen;
  return before.seen.some((seen) => seen.author === author && of.every((loser) => seen.of.includes(loser)));
}
const sameVersion = (a: Entry, b: Entry): boolean => a.author === b.author && a.command === b.command && a.content === b.content;
