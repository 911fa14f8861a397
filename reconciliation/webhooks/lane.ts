/**
 * What one region brings to one webhook: one request at a time, the oldest event first. An event that failed waits for its next turn and lets others
 * pass; a receiver that fails is left alone for a while; and when it answers again, what waited comes first.
 *
 * All that must outlive the process stands in two rows a webhook and one an event, written where state is written: a crash takes no delivery
 * back that the store knew to be made, and repeats under the same id what it did not.
 */
import type { Attempt } from "../../core/objects.ts";
import type { HookHealth, HookWaiting } from "../../core/ports/state-store.ts";
import type { Timer, Timers } from "../../core/ports/time.ts";
import type { Deliveries, WebhookCarrier } from "../../core/ports/webhooks.ts";
import type { Register } from "../../core/register.ts";
import { registerKey } from "../../core/register.ts";
import type { Halt, WebhookSecret, WebhookValue } from "../../core/webhooks.ts";
import { deliveryHeaders, haltOf, signingGenerations, webhookValue } from "../../core/webhooks.ts";
import type { TableWriter } from "../register-rows.ts";
import { healthNotAhead } from "./former-clock.ts";
import { HookQueue, type Waiting } from "./queue.ts";
import { Bucket, HOOK_LIMITS, pauseMs, retryMs } from "./schedule.ts";
import type { Slots } from "./slots.ts";

export interface WebhookWatch {
  /** One try, or an end without one. */
  hookTried(outcome: Attempt["outcome"] | "expired" | "dropped" | "limited", tookMs?: number): void;
  hookHalted(reason: Halt["reason"], webhook: string): void;
}

export interface LaneParts {
  readonly tables: TableWriter;
  readonly timers: Timers;
  readonly nowMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly carrier: WebhookCarrier;
  readonly secretOf: WebhookSecret;
  readonly slots: Slots;
  /** The event as its receiver reads it; undefined when it is not to be had any more. */
  readonly bodyOf: (waiting: HookWaiting) => string | undefined;
  /** Writes down that no region delivers there any more; resolves when it stands. */
  readonly halt: (lane: LaneOf, register: Register, reason: Halt["reason"]) => Promise<void>;
  /** Rows were written. */
  readonly wrote: () => void;
  readonly watch: Partial<WebhookWatch>;
}
export interface LaneOf {
  readonly channel: string;
  readonly webhook: string;
}

const WELL: HookHealth = { failures: 0, pausedUntilMs: 0, recoveredMs: 0, last: [] };
const GONE = 410;

interface Ready extends Waiting {
  readonly register: Register;
  readonly value: WebhookValue;
}

export class HookLane {
  readonly #of: LaneOf;
  readonly #parts: LaneParts;
  readonly #bucket: Bucket;
  readonly #queue: HookQueue;
  #isLimited = false;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;
  #abandoned = false;

  /** Finds what waited for it when the region went. */
  constructor(of: LaneOf, parts: LaneParts) {
    this.#of = of;
    this.#parts = parts;
    const nowMs = parts.nowMs();
    this.#bucket = new Bucket(HOOK_LIMITS.perSecond, nowMs);
    this.#queue = new HookQueue(parts.tables, of.webhook, nowMs);
    const health = this.#health();
    const right = healthNotAhead(health, nowMs);
    if (right !== health) this.#note(right);
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** One event more, under a key behind all others. */
  add(key: string, waiting: HookWaiting): void {
    if (this.waiting >= HOOK_LIMITS.waiting) {
      this.#parts.watch.hookTried?.("dropped");
      return;
    }
    this.#queue.add(key, waiting);
    this.wake();
  }

  /** Somebody has changed the webhook: whatever was wrong may be right. */
  changed(): void {
    this.#note({ ...this.#health(), failures: 0, pausedUntilMs: 0, recoveredMs: this.#parts.nowMs() });
    this.wake();
  }

  wake(): void {
    this.#timer?.cancel();
    if (this.#stopped || this.#running !== undefined) return;
    const next = this.#next();
    if (next === undefined) return;
    if (typeof next === "number") {
      this.#timer = this.#parts.timers.after(next, () => this.wake());
      return;
    }
    this.#running = this.#parts.slots
      .run(() => this.#tryOldest())
      .then(() => {
        this.#running = undefined;
        this.wake();
      });
  }

  /** Lets go of what has waited too long, also where nothing is delivered now. */
  expire(): void {
    const keptMs = this.#parts.nowMs() - HOOK_LIMITS.keptMs;
    if (this.#running === undefined) for (const key of this.#queue.madeUpTo(keptMs)) this.#expire(key);
    this.wake();
  }

  /** Resolves when the request in hand has its answer. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }
  /** Nobody waits for the request in hand any more: it is made again by the next life, under its id. */
  abandon(): void {
    this.#abandoned = true;
  }

  deliveries(): Deliveries {
    const { pausedUntilMs, last } = this.#health();
    const paused = pausedUntilMs > this.#parts.nowMs() && this.waiting > 0;
    return { items: last, waiting: this.waiting, pausedUntil: paused ? new Date(pausedUntilMs).toISOString() : null };
  }

  /** What is to be tried now, or how long to wait for it; undefined: until something happens. */
  #next(): Ready | number | undefined {
    const { tables, nowMs, watch } = this.#parts;
    const { channel, webhook } = this.#of;
    const register = tables.get("registers", registerKey.webhook(channel, webhook));
    const value = webhookValue(register);
    if (register === undefined || value === undefined) return this.#clear();
    if (!value.enabled || haltOf(register, tables.get("registers", registerKey.halt(channel, webhook))) !== undefined) return undefined;
    const now = nowMs();
    const health = this.#health();
    if (health.pausedUntilMs > now) return health.pausedUntilMs - now;
    for (;;) {
      const one = this.#queue.oldestDue(now, health.recoveredMs);
      if (one === undefined) {
        const dueMs = this.#queue.nextDueMs();
        return dueMs === undefined ? undefined : dueMs - now;
      }
      if (now - one.waiting.madeMs > HOOK_LIMITS.keptMs) {
        this.#expire(one.key);
        continue;
      }
      const waitMs = this.#bucket.waitMs(now);
      if (waitMs > 0 && !this.#isLimited) watch.hookTried?.("limited");
      this.#isLimited = waitMs > 0;
      return waitMs > 0 ? waitMs : { ...one, register, value };
    }
  }

  /** A slot may have been waited for: what is to be tried is asked again. */
  async #tryOldest(): Promise<void> {
    const next = this.#stopped ? undefined : this.#next();
    if (typeof next !== "object") return;
    this.#bucket.take();
    await this.#try(next);
  }

  async #try({ key, waiting, register, value }: Ready): Promise<void> {
    const { carrier, secretOf, timers, nowMs, bodyOf } = this.#parts;
    const body = bodyOf(waiting);
    if (body === undefined) return this.#remove(key);
    const { id } = waiting;
    const [now, startedMs] = [nowMs(), timers.monotonicMs()];
    const atS = Math.floor(now / 1_000);
    const secrets = signingGenerations(register, value, now).map((generation) => secretOf(this.#of.webhook, generation));
    const headers = deliveryHeaders(secrets, { id, atS, body });
    const outcome = await carrier.send({ url: value.url, headers, body });
    if (this.#abandoned) return;
    const status = "status" in outcome ? outcome.status : null;
    const why = "why" in outcome ? { why: outcome.why } : {};
    const tookMs = Math.round(timers.monotonicMs() - startedMs);
    const at = new Date(now).toISOString();
    const said = { id, kind: waiting.kind, at, attempt: waiting.tries + 1, status, ...why, tookMs };
    if (status !== null && status >= 200 && status < 300) this.#delivered(key, said);
    else await this.#failed({ key, waiting: { ...waiting, triedMs: now } }, said, register);
  }

  #delivered(key: string, said: Omit<Attempt, "outcome">): void {
    const health = this.#health();
    const recoveredMs = health.failures >= HOOK_LIMITS.outage ? this.#parts.nowMs() : health.recoveredMs;
    this.#remove(key);
    this.#tell({ ...said, outcome: "delivered" }, { ...health, failures: 0, pausedUntilMs: 0, recoveredMs });
  }

  async #failed({ key, waiting }: Waiting, said: Omit<Attempt, "outcome">, register: Register): Promise<void> {
    const { nowMs, random, halt } = this.#parts;
    const health = this.#health();
    const now = nowMs();
    const tries = waiting.tries + 1;
    const againMs = retryMs(tries, random());
    if (againMs === undefined) this.#remove(key);
    else this.#queue.keep({ key, waiting: { ...waiting, tries, dueMs: now + againMs } });
    const failures = health.failures + 1;
    const reason = said.status === GONE ? "gone" : failures >= HOOK_LIMITS.failures ? "failures" : undefined;
    const after = reason === undefined ? { failures, pausedUntilMs: now + pauseMs(failures) } : { failures: 0, pausedUntilMs: 0 };
    this.#tell({ ...said, outcome: againMs === undefined ? "given-up" : "failed" }, { ...health, ...after });
    if (reason !== undefined) await halt(this.#of, register, reason);
  }

  #tell(attempt: Attempt, health: HookHealth): void {
    this.#note({ ...health, last: [attempt, ...health.last].slice(0, HOOK_LIMITS.shown) });
    this.#parts.watch.hookTried?.(attempt.outcome, attempt.tookMs);
  }

  #expire(key: string): void {
    this.#remove(key);
    this.#parts.watch.hookTried?.("expired");
  }

  #remove(key: string): void {
    this.#queue.remove(key);
    this.#parts.wrote();
  }

  /** The webhook is no more. */
  #clear(): undefined {
    const { tables, wrote } = this.#parts;
    this.#queue.clear();
    tables.put("hooks", this.#of.webhook, undefined);
    wrote();
  }

  #health = (): HookHealth => this.#parts.tables.get("hooks", this.#of.webhook) ?? WELL;
  #note(health: HookHealth): void {
    this.#parts.tables.put("hooks", this.#of.webhook, health);
    this.#parts.wrote();
  }
}
