/**
 * What a replica judges registers by: witnesses (T2) and rights (D6), and which other registers must be judged again when a membership comes
 * late. An honest mesh seldom needs the last; a cut-off peer's events that arrive before the membership they stand on do.
 */
import type { Witness } from "../core/distrust.ts";
import { distrustOf } from "../core/distrust.ts";
import type { ClockWitnessed } from "../core/event.ts";
import { keysUnder } from "../core/ports/state-store.ts";
import type { Position } from "../core/position.ts";
import { comparePoints, formatPoint, parsePoint } from "../core/position.ts";
import type { Entry, Register, RegisterKey } from "../core/register.ts";
import { readKey } from "../core/register.ts";
import type { Judgement } from "../core/resolve.ts";
import { awaitedBy, judgedBy, standings } from "../core/rights.ts";
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
    const lookup = (one: RegisterKey): Register | undefined => this.#tables.get("registers", one);
    const standing = standings({ key, entries }, { lookup, witnesses: [...this.#witnesses.values()] });
    return { isDistrusted: this.isDistrusted, standing };
  }

  witness({ data, stamp }: ClockWitnessed, position: Position): void {
    const key = `${data.origin}|${stamp}`;
    const witness: Witness = { origin: data.origin, from: data.from, to: data.to, by: stampRegion(stamp), of: data.of, position };
    this.#witnesses.set(key, witness);
    this.#tables.put("witnesses", key, witness);
    this.#isDistrusted = distrustOf([...this.#witnesses.values()]);
  }

  /** Keeps note of the memberships by which a register's hidden entries wait or fail, however they came to be hidden. */
  lean(before: Register | undefined, after: Register): void {
    const leans = new Set(awaitedBy(after));
    const row = (membership: RegisterKey): string => `${membership}||${after.key}`;
    for (const membership of leans) this.#tables.put("awaiting", row(membership), true);
    for (const membership of before === undefined ? [] : awaitedBy(before))
      if (!leans.has(membership)) this.#tables.put("awaiting", row(membership), undefined);
  }

  /** Notes how far its author's `after` has reached: a membership event below that, coming late, may take a right away. */
  reached({ key }: Register, entry: Entry): void {
    if (judgedBy(key, entry) === undefined) return;
    const row = `${readKey(key).channel}|${entry.author}`;
    const reach = this.#tables.get("reach", row) ?? {};
    const further = Object.entries(entry.after).filter(([origin, text]) => isFurther(text, reach[origin]));
    if (further.length > 0) this.#tables.put("reach", row, { ...reach, ...Object.fromEntries(further) });
  }

  /** Registers whose standing may have moved because this membership register has changed by `entry`. */
  staleBy(membership: RegisterKey, entry: Entry): readonly RegisterKey[] {
    const { channel, kind, ids } = readKey(membership);
    if (kind !== "member") return [];
    const reach = this.#tables.get("reach", `${channel}|${ids[0]}`)?.[entry.position.origin];
    const isLate = reach !== undefined && !isFurther(formatPoint(entry.position), reach);
    return [...this.awaiting(membership), ...(isLate ? this.writtenBy(membership) : [])];
  }

  /** Registers that wait for a membership to change, or for any when none is named. */
  awaiting(membership?: RegisterKey): readonly RegisterKey[] {
    const rows = this.#tables.range("awaiting", keysUnder(membership === undefined ? "" : `${membership}||`));
    return [...new Set([...rows].map(([row]) => row.slice(row.indexOf("||") + 2)))];
  }

  /** Everything that the member has written in the channel. */
  writtenBy(membership: RegisterKey): readonly RegisterKey[] {
    const { channel, ids } = readKey(membership);
    return [...this.#tables.range("registers", keysUnder(`${channel}|`))]
      .filter(([key, { entries }]) => key !== membership && entries.some(({ author }) => author === ids[0]))
      .map(([key]) => key);
  }
}

function isFurther(text: string, than: string | undefined): boolean {
  const a = parsePoint(text);
  const b = than === undefined ? undefined : parsePoint(than);
  return a !== undefined && (b === undefined || comparePoints(a, b) > 0);
}
