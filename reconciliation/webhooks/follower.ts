/**
 * Finds what this region has to bring to webhooks: the events that it accepted itself, read from its audit log as they are committed, behind every
 * reply. The region that accepted an event delivers it, and no other does: so a cut delays nothing, and nothing is sent twice by design (L2).
 *
 * What is to be delivered and how far was read are rows of one commit: wherever the process dies, no delivery is lost, and none comes under
 * another id.
 */
import type { Placed } from "../../core/event.ts";
import type { HookWaiting, StateStore, Tables } from "../../core/ports/state-store.ts";
import type { Timer, Timers } from "../../core/ports/time.ts";
import type { Vector } from "../../core/position.ts";
import { coversAll, parsePosition, parseVector } from "../../core/position.ts";
import { registerKey } from "../../core/register.ts";
import { bornWebhook, deliveryId, HOOKED_KINDS, webhookValue } from "../../core/webhooks.ts";
import { auditKey } from "../audit-rows.ts";
import { lastChange } from "../changes.ts";
import { webhooksIn } from "../read/webhook-view.ts";
import type { TableWriter } from "../register-rows.ts";
import type { LaneOf } from "./lane.ts";

export interface FollowerParts {
  readonly region: string;
  /** What is committed. */
  readonly store: StateStore;
  readonly tables: TableWriter;
  readonly timers: Timers;
  readonly nowMs: () => number;
  /** What the region has applied of everybody. */
  readonly applied: () => Vector;
  readonly add: (of: LaneOf, key: string, waiting: HookWaiting) => void;
  readonly wrote: () => void;
}

/** Up to this change all that is to be delivered waits in the queue. */
const TAKEN = "webhooksTaken";
const PAGE = 500;
/**
 * What a former life accepted, and this one reads in its own log, may have come after a webhook of a peer's log that is not here yet: it is waited
 * for, but not longer than this after the start. Links may be down, and others wait behind it.
 */
const KNOWN_AGAIN_MS = 30_000;
const LOOK_MS = 500;
const HOOKED: ReadonlySet<string> = new Set(HOOKED_KINDS);

type Row = Tables["audit"];

export class WebhookFollower {
  readonly #parts: FollowerParts;
  #taken = 0;
  #timer: Timer | undefined;
  #begun = false;
  #beganMs = 0;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  /**
   * A store without a note is new, or was lost and has been filled again from the logs: what they hold was brought by this region's former life, as
   * far as anybody knows.
   */
  begin(): void {
    const { store, tables, wrote } = this.#parts;
    const noted = store.get("facts", TAKEN);
    this.#taken = typeof noted === "number" ? noted : lastChange(store);
    if (noted === undefined) {
      tables.put("facts", TAKEN, this.#taken);
      wrote();
    }
    this.#begun = true;
    this.#beganMs = this.#parts.timers.monotonicMs();
    this.nudge();
  }

  /** Something has been committed. */
  nudge(afterMs = 0): void {
    if (!this.#begun || this.#timer !== undefined) return;
    this.#timer = this.#parts.timers.after(afterMs, () => {
      this.#timer = undefined;
      if (this.#page()) this.nudge();
    });
  }

  stop(): void {
    this.#begun = false;
    this.#timer?.cancel();
  }

  /** Whether there may be more. */
  #page(): boolean {
    const { store, tables, wrote } = this.#parts;
    const [any] = tables.range("webhooks", { from: "", to: "\u{7f}", limit: 1 });
    if (any === undefined) {
      this.#taken = Math.max(this.#taken, lastChange(store));
      return false;
    }
    const rows = [...store.range("audit", { from: auditKey(this.#taken + 1), to: "\u{7f}", limit: PAGE })];
    const before = this.#taken;
    for (const [key, row] of rows) {
      const news = this.#isOwnNews(row) ? this.#placed(row) : undefined;
      if (news !== undefined && !this.#isKnownAgain(news)) {
        this.nudge(LOOK_MS);
        break;
      }
      if (news !== undefined) this.#queue(key, row, news);
      this.#taken = Number(key);
    }
    if (this.#taken === before) return false;
    tables.put("facts", TAKEN, this.#taken);
    wrote();
    return rows.length === PAGE;
  }

  #placed({ row }: Row): Placed | undefined {
    return typeof row === "string" ? this.#parts.store.get("events", row) : undefined;
  }

  /** All that its author's region knew when it was accepted is here. */
  #isKnownAgain({ event }: Placed): boolean {
    const { timers, applied } = this.#parts;
    return timers.monotonicMs() - this.#beganMs > KNOWN_AGAIN_MS || coversAll(applied(), parseVector(event.after) ?? {});
  }

  /** A twin that came second was told by the region that had accepted it first. */
  #isOwnNews({ kind, what, position, twin }: Row): boolean {
    return (
      kind === "version" &&
      twin !== true &&
      HOOKED.has(String(what)) &&
      typeof position === "string" &&
      parsePosition(position)?.origin === this.#parts.region
    );
  }

  #queue(change: string, { row }: Row, placed: Placed): void {
    const { nowMs, add } = this.#parts;
    if (placed.event.channel === null) return;
    const { channel, kind } = placed.event;
    const madeMs = nowMs();
    for (const webhook of webhooksIn(this.#parts.tables, channel)) {
      if (!this.#hears(channel, webhook, placed)) continue;
      const waiting = {
        id: deliveryId(webhook, placed.event),
        channel,
        kind,
        row: String(row),
        madeMs,
        dueMs: madeMs,
        triedMs: 0,
        tries: 0,
      };
      add({ channel, webhook }, `${webhook}|${change}`, waiting);
    }
  }

  /** Of what happened before it was made it hears nothing. */
  #hears(channel: string, webhook: string, { event }: Placed): boolean {
    const register = this.#parts.tables.get("registers", registerKey.webhook(channel, webhook));
    const value = webhookValue(register);
    if (register === undefined || value === undefined || !value.enabled) return false;
    return (value.events === null || value.events.includes(event.kind)) && event.stamp > bornWebhook(register);
  }
}
