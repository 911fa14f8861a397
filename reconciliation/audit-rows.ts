/**
 * The audit log of one region, append-only: accepted versions, verdicts, restores, quarantine, operators' orders (S13 of the register; the hash chain of law A1
 * comes later and hashes these rows in this order). Facts of the events stand in them; when this region saw them is a local fact beside.
 */
import type { Event, Placed } from "../core/event.ts";
import type { Position } from "../core/position.ts";
import { formatPosition, pointKey } from "../core/position.ts";
import type { RecordChange, TableWriter } from "./register-rows.ts";

const WIDTH = 14;
/** Key of an audit row: its sequence, so wide that text order is number order. */
export const auditKey = (seq: number): string => String(seq).padStart(WIDTH, "0");

export class AuditRows {
  readonly #tables: TableWriter;
  readonly #region: string;
  readonly #nowMs: () => number;
  #seq: number;

  constructor(tables: TableWriter, region: string, nowMs: () => number) {
    this.#tables = tables;
    this.#region = region;
    this.#nowMs = nowMs;
    const [last] = [...tables.range("audit", { from: "", to: "\u{7f}", reverse: true, limit: 1 })];
    this.#seq = last === undefined ? 0 : Number(last[0]);
  }

  get entries(): number {
    return this.#seq;
  }

  version({ event, position }: Placed, twin: boolean): void {
    const { kind, stamp, actor, command, channel } = event;
    const row = channel === null ? null : `${channel}|${position.origin}|${pointKey(position)}`;
    this.#append({
      kind: "version",
      event: kind,
      stamp,
      actor,
      command,
      position: formatPosition(position),
      row,
      ...(twin ? { twin } : {}),
    });
  }

  /** A new verdict is appended to the same conflict id; a mere change of who has seen it is not a verdict. */
  record({ register, record, before }: RecordChange, cause: Event): void {
    const { id, winner, losers, rule, reason, versions, state } = record;
    const sameVerdict =
      before !== undefined &&
      before.winner === winner &&
      before.reason === reason &&
      before.losers.join() === losers.join() &&
      before.versions.join() === versions.join();
    if (!sameVerdict)
      this.#append({
        kind: "verdict",
        conflict: id,
        register: register.key,
        versions,
        winner,
        losers,
        rule,
        reason,
        rules: cause.rules,
        cause: cause.stamp,
      });
    if (state === "restored" && before?.state !== "restored")
      this.#append({
        kind: "restore",
        conflict: id,
        register: register.key,
        restoredBy: record.restoredBy ?? null,
        by: cause.actor,
        command: cause.command,
        cause: cause.stamp,
      });
  }

  quarantine(position: Position, reason: string, raw: string): void {
    this.#append({ kind: "quarantine", position: formatPosition(position), reason, raw: raw.slice(0, 2_048) });
  }

  /** What an operator ordered, as it was learnt here. */
  operator(fact: Readonly<Record<string, unknown>>): void {
    this.#append({ ...fact, kind: "operator" });
  }

  #append(fact: Readonly<Record<string, unknown>>): void {
    this.#seq += 1;
    this.#tables.put("audit", auditKey(this.#seq), { ...fact, region: this.#region, atMs: this.#nowMs() });
  }
}
