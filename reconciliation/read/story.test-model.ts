/**
 * A region for tests of reading: events are told to it in any order, and its tables are filled by the same rows that a replica fills. Times
 * are small numbers; whoever is asked about is resolved by the true semantics.
 */
import { canonical } from "../../core/canonical.ts";
import type { Actor, ActorRole } from "../../core/command.ts";
import type { Deletes, Event, EventKind, Policy } from "../../core/event.ts";
import { sha256 } from "../../core/hash.ts";
import type { Reader } from "../../core/ports/reader.ts";
import type { KeyRange, TableName, Tables } from "../../core/ports/state-store.ts";
import { type Position, placeKey, type Vector } from "../../core/position.ts";
import { applyWrite, reresolve } from "../../core/register-apply.ts";
import type { Judgement } from "../../core/resolve.ts";
import type { Stamp } from "../../core/stamp.ts";
import { formatStamp, stampRegion } from "../../core/stamp.ts";
import type { Standing } from "../../core/versions.ts";
import { writesOf } from "../../core/writes.ts";
import { AuditRows } from "../audit-rows.ts";
import { indexEvent } from "../event-rows.ts";
import type { TableWriter } from "../register-rows.ts";
import { saveRegister } from "../register-rows.ts";
import { openReader } from "./reader.ts";

export const CHANNEL = "c".repeat(26);
export const MESSAGE = "m".repeat(26);
export const at = (time: number, region = "us"): Stamp => formatStamp(time, 0, region);
export const someone = (user: string, ...roles: ActorRole[]): Actor => ({ user, roles: ["user", ...roles] });
export const iso = (time: number): string => new Date(time).toISOString();

export function memoryTables(): TableWriter {
  const tables = new Map<TableName, Map<string, unknown>>();
  const rowsOf = (table: TableName): Map<string, unknown> => {
    const rows = tables.get(table) ?? new Map<string, unknown>();
    tables.set(table, rows);
    return rows;
  };
  return {
    get: <T extends TableName>(table: T, key: string) => rowsOf(table).get(key) as Tables[T] | undefined,
    range: <T extends TableName>(table: T, { from, to, reverse, limit }: KeyRange) => {
      const rows = [...rowsOf(table)].filter(([key]) => key >= from && key < to).sort(([a], [b]) => (a < b ? -1 : 1));
      return (reverse ? rows.reverse() : rows).slice(0, limit) as (readonly [string, Tables[T]])[];
    },
    put: (table, key, value) => void (value === undefined ? rowsOf(table).delete(key) : rowsOf(table).set(key, value)),
  };
}

/** What an event says of itself; the rest of the envelope is filled in. */
type Said<K extends EventKind> = {
  readonly [One in K]: Pick<Event & { readonly kind: One }, "data"> & {
    readonly kind: One;
    readonly stamp: Stamp;
    readonly actor: string;
    readonly channel?: string | null;
    readonly command?: string;
    readonly content?: string;
    readonly right?: Stamp;
    readonly policy?: Policy;
    readonly deletes?: Deletes;
  };
}[K];

export function envelope<K extends EventKind>(said: Said<K>): Event {
  const text = "body" in said.data ? said.data.body : said.data;
  const content = said.content ?? sha256(canonical(said.kind === "message.deleted" ? null : text)).slice(0, 32);
  const filled = {
    v: 1,
    rules: 1,
    command: `${said.actor} ${said.stamp}`,
    content,
    said: content,
    after: {},
    policy: "lww",
    deletes: "final",
    channel: CHANNEL,
  };
  return { ...filled, ...said } as unknown as Event;
}

export class Story {
  readonly tables = memoryTables();
  readonly distrusted = new Set<Stamp>();
  readonly #audit = new AuditRows(this.tables, "us", () => 1_000);
  readonly #standing = new Map<Stamp, Standing>();
  readonly #judgement: Judgement = {
    isDistrusted: (stamp) => this.distrusted.has(stamp),
    standing: ({ stamp }) => this.#standing.get(stamp) ?? "ok",
  };
  readonly #sequences = new Map<string, number>();
  #vector: Vector = {};

  readonly reader: Reader = this.reading();
  reading(epochEnd?: (origin: string, epoch: number) => number | undefined): Reader {
    const parts = { region: "us", tables: this.tables, isDistrusted: this.#judgement.isDistrusted, applied: () => this.#vector };
    return openReader(epochEnd === undefined ? parts : { ...parts, epochEnd });
  }

  /** Tells one event at the next place of its region's log. */
  tell<K extends EventKind>(said: Said<K>): Position {
    const event = envelope(said);
    const origin = stampRegion(event.stamp);
    const sequence = (this.#sequences.get(origin) ?? 0) + 1;
    this.#sequences.set(origin, sequence);
    const position = { origin, epoch: 1, sequence, place: 0 };
    const changes = writesOf(event, position, sha256(canonical(event))).flatMap((write) => {
      const before = this.tables.get("registers", write.key);
      return saveRegister(this.tables, before, applyWrite(before, write, this.#judgement));
    });
    indexEvent(this.tables, { position, event }, placeKey(position), false);
    this.#audit.version({ position, event }, sha256(canonical(event)), placeKey(position), false);
    for (const change of changes) this.#audit.record(change, event);
    this.#vector = { ...this.#vector, [origin]: { epoch: 1, sequence, place: 0 } };
    return position;
  }

  /** Judges a register again, some of whose versions stand otherwise now. */
  rejudge(key: string, standing: { readonly [stamp: Stamp]: Standing } = {}): void {
    for (const [stamp, stands] of Object.entries(standing)) this.#standing.set(stamp, stands);
    const before = this.tables.get("registers", key);
    if (before !== undefined) saveRegister(this.tables, before, reresolve(before, this.#judgement));
  }

  create({ time = 1, region = "us", owner = "ana", channel = CHANNEL, alias = null as string | null, name = "room" } = {}): void {
    this.tell({
      kind: "channel.created",
      stamp: at(time, region),
      actor: owner,
      channel,
      data: { name, topic: null, policy: "lww", deletes: "final", alias },
    });
  }
  join(user: string, time: number, { channel = CHANNEL, role = "member" as "owner" | "moderator" | "member" } = {}): void {
    this.tell({ kind: "member.set", stamp: at(time), actor: "ana", right: at(1), channel, data: { user, role, replaces: [] } });
  }
  send(
    stamp: Stamp,
    body: string,
    { actor = "ana", message = MESSAGE, channel = CHANNEL, thread = null as string | null, command = "" } = {},
  ): Position {
    return this.tell({
      kind: "message.sent",
      stamp,
      actor,
      command: command === "" ? `send ${message}` : command,
      channel,
      data: { message, body, thread, replaces: [] },
    });
  }
  edit(
    stamp: Stamp,
    body: string,
    replaces: readonly Stamp[],
    { actor = "ana", born = at(10), message = MESSAGE, command = `edit ${stamp}` } = {},
  ): Position {
    const about = { author: "ana", born, thread: null };
    return this.tell({ kind: "message.edited", stamp, actor, command, data: { message, body, replaces, about } });
  }
  restore(
    stamp: Stamp,
    body: string,
    replaces: readonly Stamp[],
    restores: { readonly conflict: string; readonly version: Stamp },
    actor = "ana",
  ): Position {
    return this.tell({
      kind: "message.edited",
      stamp,
      actor,
      data: { message: MESSAGE, body, replaces, restores, about: { author: "ana", born: at(10), thread: null } },
    });
  }
  delete(stamp: Stamp, replaces: readonly Stamp[], { actor = "ana", deletes = "final" as Deletes } = {}): Position {
    return this.tell({
      kind: "message.deleted",
      stamp,
      actor,
      deletes,
      data: { message: MESSAGE, replaces, about: { author: "ana", born: at(10), thread: null } },
    });
  }
  react(stamp: Stamp, emoji: string, actor: string, on = true, replaces: readonly Stamp[] = []): Position {
    const data = { message: MESSAGE, emoji, born: at(10), replaces };
    const kind = on ? "reaction.set" : "reaction.cleared";
    return this.tell({ kind, stamp, actor, data });
  }
  see(stamp: Stamp, actor: string, conflict: string, of: readonly Stamp[]): Position {
    return this.tell({ kind: "conflict.seen", stamp, actor, data: { conflict, register: `${CHANNEL}|body|${MESSAGE}`, of } });
  }
}

/** Two people edit the same text on two sides of a cut: eve's edit is the later one. */
export function disputed(): Story {
  const story = new Story();
  story.create();
  story.join("eve", 2);
  story.send(at(10), "Hello");
  story.edit(at(20), "Hello world!", [at(10)]);
  story.edit(at(30, "eu"), "Hello everyone!", [at(10)], { actor: "eve" });
  return story;
}
