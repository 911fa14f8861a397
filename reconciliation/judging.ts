/**
 * What a replica judges registers by: witnesses (T2) and rights (D6), and which other registers must be judged again when a membership comes
 * late. An honest mesh seldom needs the last; a cut-off peer's events that arrive before the membership they stand on do.
 */
import type { Witness } from "../core/distrust.ts";
import { distrustOf } from "../core/distrust.ts";
import type { ClockWitnessed } from "../core/event.ts";
import type { Tables } from "../core/ports/state-store.ts";
import { keysUnder } from "../core/ports/state-store.ts";
import type { Position, Vector, VectorText } from "../core/position.ts";
import { comparePoints, covers, parsePoint } from "../core/position.ts";
import type { Entry, Register, RegisterKey, Write } from "../core/register.ts";
import { readKey } from "../core/register.ts";
import type { Judgement } from "../core/resolve.ts";
import type { Sources } from "../core/rights.ts";
import { judgedBy, standings } from "../core/rights.ts";
import type { Stamp } from "../core/stamp.ts";
import { stampRegion } from "../core/stamp.ts";
import type { Merging } from "../core/text-merge.ts";
import type { TableWriter } from "./register-rows.ts";
import { SettledMemberships } from "./settled-memberships.ts";
import { yjsTexts } from "./text-merge.ts";

export class Judging {
  readonly #tables: TableWriter;
  readonly #witnesses = new Map<string, Witness>();
  /** Keys of the table `awaiting`. */
  readonly #rows = new Set<string>();
  #isDistrusted: (stamp: Stamp) => boolean = () => false;

  readonly #applied: () => Vector;
  readonly #settled: SettledMemberships;
  /** Made anew with the witnesses. */
  #sources: Sources;

  constructor(tables: TableWriter, applied: () => Vector) {
    this.#tables = tables;
    this.#applied = applied;
    this.#settled = new SettledMemberships((entry) => missing(entry, applied()).length === 0);
    for (const [key, witness] of tables.range("witnesses", { from: "", to: "\u{7f}" })) this.#witnesses.set(key, witness);
    for (const [row] of tables.range("awaiting", { from: "", to: "\u{7f}" })) this.#rows.add(row);
    this.#sources = this.#trust();
  }

  readonly isDistrusted = (stamp: Stamp): boolean => this.#isDistrusted(stamp);

  /** For a register that a write is being added to: its entries, that of the write included. Most are never looked at. */
  with(before: Register | undefined, write: Write): Judgement {
    let entries: readonly Entry[] | undefined;
    return this.of({
      key: write.key,
      get entries() {
        entries ??= [...(before?.entries ?? []), ...("entry" in write ? [write.entry] : [])];
        return entries;
      },
    });
  }

  of(register: Pick<Register, "key" | "entries">): Judgement {
    const standing = standings(register, this.#sources);
    return { isDistrusted: this.isDistrusted, standing, merge: mergeTexts };
  }

  readonly #lookup = (one: RegisterKey): Register | undefined => this.#tables.get("registers", one);

  #trust(): Sources {
    const witnesses = [...this.#witnesses.values()];
    this.#isDistrusted = distrustOf(witnesses);
    return { lookup: this.#lookup, witnesses, settled: this.#settled };
  }

  witness({ data, stamp }: ClockWitnessed, position: Position): void {
    const key = `${data.origin}|${stamp}`;
    const witness: Witness = { origin: data.origin, from: data.from, to: data.to, by: stampRegion(stamp), of: data.of, position };
    this.#witnesses.set(key, witness);
    this.#tables.put("witnesses", key, witness);
    this.#sources = this.#trust();
  }

  /** What `by` has witnessed of `origin`. */
  witnessed(origin: string, by: string): readonly Witness[] {
    return this.#sources.witnesses.filter((witness) => witness.origin === origin && witness.by === by);
  }

  /**
   * Keeps note of what may have to be judged again. An entry is judged by what its origin had applied (D6): while some of that is not here, or the
   * entry waits for its right, the register is open to what is still to come; once all is here, nothing can move its standing any more.
   */
  lean(before: Register | undefined, after: Register, added?: Entry): void {
    const { key } = after;
    for (const membership of pendingBy(after)) this.#open(membership, key, { pending: true });
    for (const membership of before === undefined ? [] : pendingBy(before))
      if (!pendingBy(after).has(membership)) this.#open(membership, key, { pending: false });
    const until = added === undefined ? [] : missing(added, this.#applied());
    const membership = added === undefined || until.length === 0 ? undefined : judgedBy(key, added);
    if (membership !== undefined) this.#open(membership, key, { until: Object.fromEntries(until) });
  }

  #open(
    membership: RegisterKey,
    key: RegisterKey,
    { pending, until = {} }: { readonly pending?: boolean; readonly until?: VectorText },
  ): void {
    const row = `${membership}||${key}`;
    const stood = this.#tables.get("awaiting", row) ?? { pending: false, until: {} };
    const joined: Record<string, string> = { ...stood.until };
    for (const [origin, text] of Object.entries(until)) if (isFurther(text, joined[origin])) joined[origin] = text;
    this.#put(row, { pending: pending ?? stood.pending, until: joined });
  }

  #put(row: string, awaiting: Tables["awaiting"]): void {
    const isOpen = awaiting.pending || Object.keys(awaiting.until).length > 0;
    this.#tables.put("awaiting", row, isOpen ? awaiting : undefined);
    if (isOpen) this.#rows.add(row);
    else this.#rows.delete(row);
  }

  /**
   * Registers that may stand otherwise because this membership register has changed: those open to it, and through every membership among them
   * those open to that one, however it stands now: who judged by it may have seen less than is here.
   */
  staleBy(membership: RegisterKey): readonly RegisterKey[] {
    if (this.#rows.size === 0 || readKey(membership).kind !== "member") return [];
    const stale = new Set<RegisterKey>();
    const asked = [membership];
    for (const one of asked)
      for (const key of this.#openTo(one)) {
        if (stale.has(key)) continue;
        stale.add(key);
        if (key !== membership && readKey(key).kind === "member") asked.push(key);
      }
    return [...stale];
  }

  /** Every register that is open to what is still to come. */
  allOpen(): readonly RegisterKey[] {
    return [...new Set([...this.#rows].map(registerOf))];
  }

  #openTo(membership: RegisterKey): readonly RegisterKey[] {
    return [...this.#tables.range("awaiting", keysUnder(`${membership}||`))].map(([row]) => registerOf(row));
  }

  /** Closes rows of which all is here now: cheap, as most of what comes leans on nothing that is missing, and done now and then. */
  sweep(): void {
    const vector = this.#applied();
    for (const row of this.#rows) {
      const awaiting = this.#tables.get("awaiting", row);
      if (awaiting === undefined) this.#rows.delete(row);
      else if (
        Object.keys(awaiting.until).length > 0 &&
        Object.entries(awaiting.until).every(([origin, text]) => isHere(vector, origin, text))
      )
        this.#put(row, { ...awaiting, until: {} });
    }
  }
}

const mergeTexts: Merging = (_, pieces) => yjsTexts.text(pieces());

const registerOf = (row: string): RegisterKey => row.slice(row.indexOf("||") + 2);

/** The memberships by which a register's pending entries wait. */
function pendingBy({ key, entries, resolution: { pending } }: Register): ReadonlySet<RegisterKey> {
  if (pending.length === 0) return NONE;
  return new Set(entries.flatMap((entry) => (pending.includes(entry.stamp) ? (judgedBy(key, entry) ?? []) : [])));
}
const NONE: ReadonlySet<RegisterKey> = new Set();

/** What the entry's origin had applied and is not here. */
function missing({ after }: Entry, vector: Vector): readonly (readonly [origin: string, point: string])[] {
  let found: [origin: string, point: string][] | undefined;
  for (const origin in after) {
    const text = after[origin] as string;
    if (!isHere(vector, origin, text)) (found ??= []).push([origin, text]);
  }
  return found ?? NOTHING;
}
const NOTHING: readonly (readonly [origin: string, point: string])[] = [];

function isHere(vector: Vector, origin: string, text: string): boolean {
  const point = parsePoint(text);
  return point === undefined || covers(vector, origin, point);
}

function isFurther(text: string, than: string | undefined): boolean {
  const a = parsePoint(text);
  const b = than === undefined ? undefined : parsePoint(than);
  return a !== undefined && (b === undefined || comparePoints(a, b) > 0);
}
