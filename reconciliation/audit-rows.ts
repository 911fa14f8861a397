/**
 * The audit log of one region, append-only and hash-chained (law A1): accepted versions, verdicts, restores, quarantine, operators' orders, and what
 * peers' logs were seen to be (S13 of the register). Facts of the events stand in them; when this region saw them is a local fact beside (A2).
 *
 * Entries that the store has not taken may come in another order after a crash. Only what is committed is told to anybody.
 */
import { CHAIN_START, type ChainHead, chainHash, chainHashOfText } from "../core/audit-chain.ts";
import type { Event, Placed } from "../core/event.ts";
import type { Position } from "../core/position.ts";
import { formatPosition } from "../core/position.ts";
import type { RecordChange, TableWriter } from "./register-rows.ts";

const WIDTH = 14;
/** Key of an audit row: its sequence, so wide that text order is number order. */
export const auditKey = (seq: number): string => String(seq).padStart(WIDTH, "0");

type Fields = Readonly<Record<string, unknown>>;
type Inside = Fields & { readonly kind: string; readonly seq: number };
interface Beside {
  /** Where the event stands in the table `events`, if in a channel's stream. */
  readonly row?: string | null;
  readonly register?: string;
}

export class AuditRows {
  readonly #tables: TableWriter;
  readonly #region: string;
  readonly #nowMs: () => number;
  #last: ChainHead;
  /** The last entry that is no anchor: what peers are told, else two idle regions would anchor each other's anchors for ever. */
  #told: ChainHead;
  #committing: readonly [last: ChainHead, told: ChainHead];
  #durable: readonly [last: ChainHead, told: ChainHead];

  constructor(tables: TableWriter, region: string, nowMs: () => number) {
    this.#tables = tables;
    this.#region = region;
    this.#nowMs = nowMs;
    const backwards = tables.range("audit", { from: "", to: "\u{7f}", reverse: true });
    this.#last = CHAIN_START;
    this.#told = CHAIN_START;
    for (const [key, { kind, hash }] of backwards) {
      const head = { seq: Number(key), hash: String(hash) };
      if (this.#last === CHAIN_START) this.#last = head;
      if (kind === "anchor") continue;
      this.#told = head;
      break;
    }
    this.#committing = this.#durable = [this.#last, this.#told];
  }

  get entries(): number {
    return this.#last.seq;
  }
  /** The last entry that no crash takes back. */
  get durable(): ChainHead {
    return this.#durable[0];
  }
  /** The last such entry that says something of this region's own. */
  get told(): ChainHead {
    return this.#durable[1];
  }

  /** A commit begins, with all entries so far in it. */
  committing(): void {
    this.#committing = [this.#last, this.#told];
  }
  committed(): void {
    this.#durable = this.#committing;
  }

  /** `factHash`: SHA-256 of the canonical event, by which the chain holds the fact itself. `place`: the event's (`placeKey`). */
  version({ event, position }: Placed, factHash: string, place: string, twin: boolean): void {
    const { kind: what, stamp, actor, command, channel } = event;
    const row = channel === null ? null : `${channel}|${place}`;
    const region = this.#region;
    const seq = this.#last.seq + 1;
    const at = formatPosition(position);
    const kind = "version";
    // Canonical as it is written here: this is done for every event. All but the command are words that no quote can stand in.
    const inside = `{"actor":"${actor}","command":${JSON.stringify(command)},"factHash":"${factHash}","kind":"${kind}","position":"${at}","region":"${region}","seq":${seq},"stamp":"${stamp}"${twin ? ',"twin":true' : ""},"what":"${what}"}`;
    const hash = this.#link(seq, kind, chainHashOfText(this.#last.hash, inside));
    const fact = { actor, command, factHash, kind, position: at, region, stamp, what, row, hash, atMs: this.#nowMs() };
    this.#tables.put("audit", auditKey(seq), twin ? { ...fact, twin } : fact);
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
    const beside = { register: register.key };
    if (!sameVerdict) {
      const verdict = { conflict: id, versions, winner, losers, rule, reason, rules: cause.rules, cause: cause.stamp };
      this.#add("verdict", verdict, beside);
    }
    if (state === "restored" && before?.state !== "restored") {
      const restored = { conflict: id, restoredBy: record.restoredBy ?? null, by: cause.actor, command: cause.command, cause: cause.stamp };
      this.#add("restore", restored, beside);
    }
  }

  quarantine(position: Position, reason: string, raw: string): void {
    this.#add("quarantine", { position: formatPosition(position), reason, raw: raw.slice(0, 2_048) });
  }

  /** What an operator ordered, as it was learnt here. */
  operator(fact: Fields): void {
    this.#add("operator", fact);
  }

  /** What a peer's log was at that entry: it cannot be made anew without this one. */
  anchor(peer: string, head: ChainHead): void {
    this.#add("anchor", { peer, head });
  }

  #add(kind: string, fact: Fields, beside: Beside = {}): void {
    const { register } = beside;
    const key = register === undefined ? {} : { key: register };
    this.#append({ ...fact, ...key, kind, region: this.#region, seq: this.#last.seq + 1 }, beside);
  }

  #append(inside: Inside, beside: Beside): void {
    const { key: _, seq, ...fields } = inside as Inside & { readonly key?: unknown };
    const hash = this.#link(seq, inside.kind, chainHash(this.#last.hash, inside));
    this.#tables.put("audit", auditKey(seq), { ...fields, ...beside, hash, atMs: this.#nowMs() });
  }

  /** The next entry of the chain; its hash. */
  #link(seq: number, kind: string, hash: string): string {
    const head = { seq, hash };
    this.#last = head;
    if (kind !== "anchor") this.#told = head;
    return hash;
  }
}
