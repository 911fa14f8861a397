/** A region's deliveries to webhooks: what it follows, and a lane for each webhook that something waits for. */
import type { Draft } from "../../core/commands/decision.ts";
import { headsOf } from "../../core/commands/decision.ts";
import { policies } from "../../core/commands/standing.ts";
import type { Event, Json } from "../../core/event.ts";
import type { WireEvent } from "../../core/objects.ts";
import type { Reader } from "../../core/ports/reader.ts";
import type { HookWaiting, StateStore } from "../../core/ports/state-store.ts";
import type { Timers } from "../../core/ports/time.ts";
import type { Deliveries, WebhookCarrier } from "../../core/ports/webhooks.ts";
import type { Register } from "../../core/register.ts";
import { registerKey } from "../../core/register.ts";
import type { Halt, WebhookSecret } from "../../core/webhooks.ts";
import { bornWebhook, haltOf } from "../../core/webhooks.ts";
import type { TableWriter } from "../register-rows.ts";
import { WebhookFollower } from "./follower.ts";
import { HookLane, type LaneOf, type WebhookWatch } from "./lane.ts";
import { HOOK_LIMITS } from "./schedule.ts";
import { Slots } from "./slots.ts";

export interface DeliveriesParts {
  readonly region: string;
  readonly store: StateStore;
  readonly tables: TableWriter;
  readonly reader: Pick<Reader, "wire" | "applied">;
  readonly timers: Timers;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly carrier: WebhookCarrier;
  readonly secretOf: WebhookSecret;
  readonly contentOf: (channel: string, value: Json) => string;
  /** An event of the region's own; resolves when it stands. */
  readonly record: (draft: Draft, id: string) => Promise<void>;
  /** Rows were written: commit them before long. */
  readonly soon: () => void;
  readonly watch: Partial<WebhookWatch>;
}

export interface WebhookDeliveries {
  begin(): void;
  /** Something has been committed. */
  nudge(): void;
  applied(event: Event): void;
  of(webhook: string): Deliveries;
  /** Events that wait, of all webhooks together. */
  waiting(): number;
  /** Ends after the requests in hand, or without them. */
  stop(): Promise<void>;
}

/** A request takes 5 s at most; a region that drains has not that long for it. */
const STOP_MS = 2_000;
/** What long waiting rows are looked through for. */
const SWEEP_MS = 3_600_000;

export function openWebhookDeliveries(parts: DeliveriesParts): WebhookDeliveries {
  const { tables, timers, soon, watch } = parts;
  const lanes = new Map<string, HookLane>();
  const laneParts = {
    ...parts,
    slots: new Slots(HOOK_LIMITS.atOnce),
    bodyOf: (waiting: HookWaiting) => bodyOf(parts, waiting),
    halt: (of: LaneOf, register: Register, reason: Halt["reason"]) => halt(parts, of, register, reason),
    wrote: soon,
  };
  const laneOf = (of: LaneOf): HookLane => {
    let lane = lanes.get(of.webhook);
    if (lane === undefined) lanes.set(of.webhook, (lane = new HookLane(of, laneParts)));
    return lane;
  };
  const follower = new WebhookFollower({
    ...parts,
    applied: () => parts.reader.applied(),
    add: (of, key, waiting) => laneOf(of).add(key, waiting),
    wrote: soon,
  });
  const sweep = timers.every(SWEEP_MS, () => {
    for (const lane of lanes.values()) lane.expire();
  });
  return {
    begin: () => {
      for (const [key, { channel }] of tables.range("hookQueue", { from: "", to: "\u{7f}" })) {
        const webhook = key.slice(0, key.indexOf("|"));
        if (!lanes.has(webhook)) laneOf({ channel, webhook }).wake();
      }
      follower.begin();
    },
    nudge: () => follower.nudge(),
    applied: (event) => {
      if (event.kind === "webhook.set") laneOf({ channel: event.channel, webhook: event.data.webhook }).changed();
      else if (event.kind === "webhook.removed" || event.kind === "webhook.halted") lanes.get(event.data.webhook)?.wake();
      if (event.kind === "webhook.halted" && event.actor === parts.region) watch.hookHalted?.(event.data.reason, event.data.webhook);
    },
    of: (webhook) => {
      const lane = lanes.get(webhook);
      return lane === undefined ? { items: tables.get("hooks", webhook)?.last ?? [], waiting: 0, pausedUntil: null } : lane.deliveries();
    },
    waiting: () => [...lanes.values()].reduce((sum, lane) => sum + lane.waiting, 0),
    stop: async () => {
      sweep.cancel();
      follower.stop();
      const stopped = Promise.all([...lanes.values()].map((lane) => lane.stop()));
      await Promise.race([stopped, new Promise<void>((late) => timers.after(STOP_MS, late))]);
      for (const lane of lanes.values()) lane.abandon();
    },
  };
}

/** The event as every reader of the region gets it now: what was deleted meanwhile is sent to nobody. What is too large comes without its text. */
function bodyOf({ tables, reader }: DeliveriesParts, { row }: HookWaiting): string | undefined {
  const placed = tables.get("events", row);
  if (placed === undefined) return undefined;
  const wire: WireEvent = reader.wire(placed);
  const whole = JSON.stringify(wire);
  if (Buffer.byteLength(whole) <= HOOK_LIMITS.bodyBytes) return whole;
  const { metadata: _, ...data } = wire.data;
  return JSON.stringify({ ...wire, data: { ...data, body: null, truncated: true } });
}

function halt({ tables, contentOf, record }: DeliveriesParts, { channel, webhook }: LaneOf, register: Register, reason: Halt["reason"]) {
  const of = register.resolution.winner;
  const user = register.entries.find(({ stamp }) => stamp === of)?.author;
  if (of === null || user === undefined) return Promise.resolve();
  const said = tables.get("registers", registerKey.halt(channel, webhook));
  // Another region's halt came while the last request was in hand: the owner of the webhook is told once.
  if (haltOf(register, said) !== undefined) return Promise.resolve();
  const replaces = headsOf(said);
  const data = { webhook, born: bornWebhook(register), of, reason, user, replaces };
  const draft: Draft = {
    kind: "webhook.halted",
    channel,
    data,
    ...policies({ register: (key) => tables.get("registers", key) }, channel),
    content: contentOf(channel, { webhook, of, reason }),
  };
  // A halt by another region that did not know this version yet may stand above ours: then it is said again, and is no repetition.
  return record(draft, ["halt", webhook, of, ...replaces.slice(-1)].join("-"));
}
