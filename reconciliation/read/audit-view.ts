/**
 * The audit log as auditors read it. A row refers to an event or a register; here the fact itself stands beside, whole, with all that its
 * region wrote down, so that an export can be replayed in a clean process (A3).
 */
import { CHAIN_START } from "../../core/audit-chain.ts";
import type { Event } from "../../core/event.ts";
import type { AuditEntry } from "../../core/objects.ts";
import type { TableReader } from "../../core/ports/state-store.ts";
import { parsePosition, placeKey } from "../../core/position.ts";
import { auditKey } from "../audit-rows.ts";
import { shownRegister } from "./conflict-view.ts";
import type { ShownNames } from "./shown-names.ts";

type Row = { readonly [field: string]: unknown };
const KINDS = ["version", "verdict", "restore", "quarantine", "operator", "anchor"] as const;

/** `prev`: the hash of the entry before. */
function auditEntry(tables: TableReader, names: ShownNames, key: string, row: Row, prev: string): AuditEntry {
  const { kind, region, atMs, row: _, register, hash, ...rest } = row;
  const known = KINDS.find((one) => one === kind) ?? "operator";
  const at = new Date(Number(atMs)).toISOString();
  const head = { seq: Number(key), region: String(region), at, kind: known, ...rest };
  const chain = { hash: String(hash), prev };
  if (known === "version") return { ...head, fact: eventOf(tables, row) ?? null, ...chain };
  return typeof register === "string"
    ? { ...head, key: register, register: shownRegister(register, names), ...chain }
    : { ...head, ...chain };
}

/** Entries after that sequence, oldest first, each with the hash of the one before. */
export function* auditEntries(tables: TableReader, names: ShownNames, { after, upTo, limit }: AuditRange): Iterable<AuditEntry> {
  let prev = String(tables.get("audit", auditKey(after))?.["hash"] ?? CHAIN_START.hash);
  for (const [key, row] of tables.range("audit", { from: auditKey(after + 1), to: auditKey(upTo + 1), limit })) {
    yield auditEntry(tables, names, key, row, prev);
    prev = String(row["hash"]);
  }
}
export interface AuditRange {
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
}

/** Under its channel, under the one person it concerns, or among what concerns nobody. */
export function eventOf(tables: TableReader, { row, actor, position }: Row): Event | undefined {
  const place = typeof position === "string" ? parsePosition(position) : undefined;
  if (place === undefined) return undefined;
  const suffix = placeKey(place);
  const keys = [...(typeof row === "string" ? [row] : []), `@${String(actor)}|${suffix}`, `@|${suffix}`];
  for (const key of keys) {
    const placed = tables.get("events", key);
    if (placed !== undefined) return placed.event;
  }
  return undefined;
}
