/**
 * The changes of a document as a region reads them, and the rows that it keeps beside them (ADR 19): checkpoints, each the state of all that stands up
 * to its stamp, and an index of what stands above the oldest of them, as registers are found by a hash and not by a stamp.
 */
import type { KeyRange, TableReader } from "../core/ports/state-store.ts";
import { keysUnder } from "../core/ports/state-store.ts";
import type { Register, RegisterKey } from "../core/register.ts";
import { readKey, registerKey } from "../core/register.ts";
import type { Stamp } from "../core/stamp.ts";

/** Key of a document in the tables beside its registers: "<channel>|<document>". */
export type DocumentKey = string;
export const documentKey = (channel: string, document: string | null): DocumentKey => `${channel}|${document ?? ""}`;
export const stateKey = (of: DocumentKey, stamp: Stamp): string => `${of}|${stamp}`;
/** A blank sorts before every letter that a stamp may end with: these rows lie in the order of their stamps. */
export const tailKey = (of: DocumentKey, { stamp, change }: Pick<StandingChange, "stamp" | "change">): string => `${of}|${stamp} ${change}`;
const tailAbove = (of: DocumentKey, stamp: Stamp): KeyRange => ({ ...keysUnder(`${of}|`), from: `${of}|${stamp}!` });

export interface StandingChange {
  readonly stamp: Stamp;
  /** What names it within its document. */
  readonly change: string;
  /** Yjs, in base64. */
  readonly update: string;
}

export const documentOf = (key: RegisterKey): DocumentKey => {
  const { channel, ids } = readKey(key);
  return `${channel}|${ids[0] ?? ""}`;
};

/** What a register adds to its document; undefined: it says nothing there, or not by right. */
export function standingChange(register: Register | undefined): StandingChange | undefined {
  if (register === undefined) return undefined;
  const { value, winner } = register.resolution;
  if (typeof value !== "string" || winner === null) return undefined;
  return { stamp: winner, change: readKey(register.key).ids[1] ?? "", update: value };
}

/** Every change that stands, in the order of their stamps. */
export function allChanges(tables: TableReader, of: DocumentKey): readonly StandingChange[] {
  const found: StandingChange[] = [];
  for (const [, register] of tables.range("registers", keysUnder(registerKey.change(...namesIn(of), "")))) {
    const change = standingChange(register);
    if (change !== undefined) found.push(change);
  }
  return found.sort((a, b) => (a.stamp < b.stamp ? -1 : 1));
}

/** What stands above a stamp at which, or below which, there is a checkpoint. */
export function changesAbove(tables: TableReader, of: DocumentKey, stamp: Stamp): readonly StandingChange[] {
  const found: StandingChange[] = [];
  for (const [row] of tables.range("documentTails", tailAbove(of, stamp))) {
    const change = standingChange(tables.get("registers", registerKey.change(...namesIn(of), row.slice(row.lastIndexOf(" ") + 1))));
    if (change !== undefined) found.push(change);
  }
  return found;
}

function namesIn(of: DocumentKey): [channel: string, document: string | null] {
  const [channel = "", document = ""] = of.split("|");
  return [channel, document === "" ? null : document];
}
