/**
 * The audit log as auditors read it. A row refers to an event or a register; here the fact itself stands beside, whole, with all that its
 * region wrote down, so that an export can be replayed in a clean process (A3).
 */
import type { Event } from "../../core/event.ts";
import type { AuditEntry } from "../../core/objects.ts";
import type { TableReader } from "../../core/ports/state-store.ts";
import { parsePosition, pointKey } from "../../core/position.ts";
import { shownRegister } from "./conflict-view.ts";
import type { ShownNames } from "./shown-names.ts";

type Row = { readonly [field: string]: unknown };
const KINDS = ["version", "verdict", "restore", "quarantine", "operator"] as const;

export function auditEntry(tables: TableReader, names: ShownNames, key: string, row: Row): AuditEntry {
  const { kind, region, atMs, row: _, event, register, ...rest } = row;
  const known = KINDS.find((one) => one === kind) ?? "operator";
  const at = new Date(Number(atMs)).toISOString();
  const head = { seq: Number(key), region: String(region), at, kind: known, ...rest };
  if (known === "version") return { ...head, what: event, fact: eventOf(tables, row) ?? null };
  return typeof register === "string" ? { ...head, register: shownRegister(register, names) } : head;
}

/** Under its channel, under the one person it concerns, or among what concerns nobody. */
export function eventOf(tables: TableReader, { row, actor, position }: Row): Event | undefined {
  const place = typeof position === "string" ? parsePosition(position) : undefined;
  if (place === undefined) return undefined;
  const suffix = `${place.origin}|${pointKey(place)}`;
  const keys = [...(typeof row === "string" ? [row] : []), `@${String(actor)}|${suffix}`, `@|${suffix}`];
  for (const key of keys) {
    const placed = tables.get("events", key);
    if (placed !== undefined) return placed.event;
  }
  return undefined;
}
