/**
 * What a replica judges registers by: witnesses (T2) and rights (D6), and which other registers must be judged again when a membership comes
 * late. An honest mesh seldom needs the last; a cut-off peer's events that arrive before the membership they stand on do.
 */
import type { Witness } from "../core/distrust.ts";
import { distrustOf } from "../core/distrust.ts";
import type { ClockWitnessed } from "../core/event.ts";
import { keysUnder } from "../core/ports/state-store.ts";
import { comparePoints, formatPoint, parsePoint } from "../core/position.ts";
import type { Entry, Register, RegisterKey } from "../core/register.ts";
import { readKey } from "../core/register.ts";
import type { Judgement } from "../core/resolve.ts";
import { judgedBy, standing } from "../core/rights.ts";
import type { Stamp } from "../core/stamp.ts";
import { stampRegion } from "../core/stamp.ts";
import type { TableWriter } from "./register-rows.ts";

export class Judging {
  readonly #tables: TableWriter;
  readonly #witnesses = new Map<string, Witness>();
  #isDistrusted: (stamp: Stamp) => boolean;

  constructor(tables: TableWriter) {
    this.#tables = tables;
    for (const [key, witness] of tables.range("witnesses", { from: "", to: "\u{7f}" })) this.#witnesses.set(key, witness);
    this.#isDistrusted = distrustOf([...this.#witnesses.values()]);
  }

  readonly isDistrusted = (stamp: Stamp): boolean => this.#isDistrusted(stamp);

  /** Entries: all of the register, the one being added included. */
  of(key: RegisterKey, entries: readonly Entry[]): Judgement {
    const register = { key, entries };
    return { isDistrusted: this.isDistrusted, standing: (entry) => standing(entry, register, (one) => this.#tables.get("registers", one)) };
  }

  witness({ data, stamp }: ClockWitnessed): void {
    const key = `${data.origin}|${stamp}`;
    const witness: Witness = { origin: data.origin, from: data.from, to: data.to, by: stampRegion(stamp), of: data.of };
    this.#witnesses.set(key, witness);
    this.#tables.put("witnesses", key, witness);
    this.#isDistrusted = distrustOf([...this.#witnesses.values()]);
  }

  /** Notes what an entry's standing leans on: a membership that is not here yet, and how far its author's `after` has reached. */
  lean(register: Register, entry: Entry): void {
    const member = judgedBy(register.key, entry);
    if (member === undefined) return;
    const row = `${member}||${register.key}`;
    const pending = register.resolution.pending.includes(entry.stamp);
    if (pending && member !== register.key) this.#tables.put("awaiting", row, true);
    const { channel } = readKey(register.key);
    const reach = this.#tables.get("reach", `${channel}|${entry.author}`) ?? {};
    const further = Object.entries(entry.after).filter(([origin, text]) => isFurther(text, reach[origin]));
    if (further.length > 0) this.#tables.put("reach", `${channel}|${entry.author}`, { ...reach, ...Object.fromEntries(further) });
  }

  /** Registers whose standing may have moved because this membership register has changed by `entry`. */
  staleBy(membership: RegisterKey, entry: Entry): readonly RegisterKey[] {
    const { channel, kind, ids } = readKey(membership);
    if (kind !== "member") return [];
    const waiting = this.awaiting(membership);
    const reach = this.#tables.get("reach", `${channel}|${ids[0]}`)?.[entry.position.origin];
    const late = reach !== undefined && !isFurther(formatPoint(entry.position), reach);
    return late ? [...new Set([...waiting, ...this.#writtenBy(channel, ids[0] ?? "")])] : waiting;
  }

  awaiting(membership: RegisterKey): readonly RegisterKey[] {
    const prefix = `${membership}||`;
    return [...this.#tables.range("awaiting", keysUnder(prefix))].map(([row]) => row.slice(prefix.length));
  }

  /** A register that was awaited for is settled: nothing of it is pending any more. */
  settled(membership: RegisterKey, key: RegisterKey): void {
    this.#tables.put("awaiting", `${membership}||${key}`, undefined);
  }

  #writtenBy(channel: string, author: string): readonly RegisterKey[] {
    return [...this.#tables.range("registers", keysUnder(`${channel}|`))]
      .filter(([, { entries }]) => entries.some((entry) => entry.author === author))
      .map(([key]) => key);
  }
}

function isFurther(text: string, than: string | undefined): boolean {
  const a = parsePoint(text);
  const b = than === undefined ? undefined : parsePoint(than);
  return a !== undefined && (b === undefined || comparePoints(a, b) > 0);
}
