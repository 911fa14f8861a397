/**
 * What has changed in this region's registers, in the order it was applied: the audit log read as a list of changes. Each event and verdict stands
 * there under a number, so a store that follows needs no queue of its own: it remembers the last number it took, and what it has lost is
 * whatever stands after the number it still has.
 */
import type { TableReader, Tables } from "../core/ports/state-store.ts";
import type { Vector } from "../core/position.ts";
import { joinVectors, parsePosition } from "../core/position.ts";
import type { RegisterKey } from "../core/register.ts";
import type { Stamp } from "../core/stamp.ts";
import { asFirstWritten, writesOf } from "../core/writes.ts";
import { auditKey } from "./audit-rows.ts";
import { eventOf } from "./read/audit-view.ts";

export interface Changes {
  /** Number of the last change among these. */
  readonly upTo: number;
  /** Registers that changed, and the versions that came to each. */
  readonly registers: ReadonlyMap<RegisterKey, ReadonlySet<Stamp>>;
  readonly audit: readonly (readonly [key: string, row: Tables["audit"]])[];
  /** Where these events stand in their logs: per origin the last. */
  readonly applied: Vector;
}

/** The changes after number `after`, `limit` of them at most; undefined when there is none. */
export function changesAfter(tables: TableReader, after: number, limit: number): Changes | undefined {
  const audit = [...tables.range("audit", { from: auditKey(after + 1), to: "\u{7f}", limit })];
  const last = audit.at(-1)?.[0];
  if (last === undefined) return undefined;
  const registers = new Map<RegisterKey, Set<Stamp>>();
  const touch = (key: RegisterKey): Set<Stamp> => {
    const stamps = registers.get(key) ?? new Set();
    registers.set(key, stamps);
    return stamps;
  };
  for (const [, row] of audit) for (const [key, stamp] of writtenBy(tables, row)) touch(key).add(stamp);
  for (const [, row] of audit) if (typeof row["register"] === "string") touch(row["register"]);
  for (const [, key] of tables.range("rejudged", { from: auditKey(after + 1), to: `${last}|\u{7f}` })) touch(key);
  return { upTo: Number(last), registers, audit, applied: audit.reduce((applied, [, row]) => joinVectors(applied, pointOf(row)), {}) };
}

export function lastChange(tables: TableReader): number {
  const [last] = [...tables.range("audit", { from: "", to: "\u{7f}", reverse: true, limit: 1 })];
  return last === undefined ? 0 : Number(last[0]);
}

/** When a change was applied here, ms since 1970. */
export const changedAtMs = (tables: TableReader, change: number): number | undefined => {
  const row = tables.get("audit", auditKey(change));
  return row === undefined ? undefined : Number(row["atMs"]);
};

function pointOf({ position: text }: Tables["audit"]): Vector {
  const position = typeof text === "string" ? parsePosition(text) : undefined;
  if (position === undefined) return {};
  const { origin, ...point } = position;
  return { [origin]: point };
}

function writtenBy(tables: TableReader, row: Tables["audit"]): readonly (readonly [RegisterKey, Stamp])[] {
  const position = typeof row["position"] === "string" ? parsePosition(row["position"]) : undefined;
  const event = row["kind"] === "version" ? eventOf(tables, row) : undefined;
  if (event === undefined || position === undefined) return [];
  const placed = asFirstWritten({ position, event });
  return writesOf(placed.event, placed.position, "").map((write) => [write.key, "entry" in write ? write.entry.stamp : write.seen.stamp]);
}
