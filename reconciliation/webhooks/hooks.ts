/** All of a region that has to do with webhooks: what the doors ask, and the deliveries where this process makes them. */
import type { Event } from "../../core/event.ts";
import type { Reader } from "../../core/ports/reader.ts";
import type { Deliveries, WebhookCarrier, WebhookDesk } from "../../core/ports/webhooks.ts";
import { webhookSecrets } from "../../core/webhooks.ts";
import type { Committer } from "../committer.ts";
import type { RegionPorts } from "../region-ports.ts";
import type { WorkingSet } from "../working-set.ts";
import { type DeliveriesParts, openWebhookDeliveries } from "./deliveries.ts";
import { openWebhookDesk } from "./desk.ts";
import { Trials } from "./trials.ts";

export interface HooksParts extends Pick<DeliveriesParts, "contentOf" | "record"> {
  readonly ports: RegionPorts;
  readonly tables: WorkingSet;
  readonly reader: Reader;
  readonly committer: Committer;
}
export interface Hooks {
  readonly desk: WebhookDesk;
  begin(): Promise<void>;
  /** Something has been committed. */
  nudge(): void;
  applied(event: Event): void;
  /** Events that wait to be brought. */
  waiting(): number;
  /** Ends after the requests in hand. */
  stop(): Promise<void>;
}

export function openHooks({ ports, tables, reader, committer, contentOf, record }: HooksParts): Hooks {
  const { region, store, timers, physical, random, secret, webhooks: carrier, watch = {} } = ports;
  const parts = { ...{ region, store, tables, reader, timers, random, watch }, contentOf, record, secretOf: webhookSecrets(secret) };
  const nowMs = (): number => physical.nowMs();
  const trials = new Trials({ region, timers, nowMs, carrier, secretOf: parts.secretOf });
  const desk = (deliveries: (webhook: string) => Deliveries): WebhookDesk =>
    openWebhookDesk({ tables, shownChannel: reader.shownChannel, secretOf: parts.secretOf, deliveries, trials });
  if (carrier === undefined) return { ...NONE, desk: desk(() => NOTHING) };
  const deliveries = openWebhookDeliveries({ ...parts, carrier, nowMs, soon: () => committer.soon() });
  return {
    desk: desk(deliveries.of),
    begin: async () => {
      // What the own log held is to be told apart from what is accepted from here on.
      await committer.flush().catch(() => {});
      deliveries.begin();
    },
    nudge: deliveries.nudge,
    applied: deliveries.applied,
    waiting: deliveries.waiting,
    stop: deliveries.stop,
  };
}

const NOTHING: Deliveries = { items: [], waiting: 0, pausedUntil: null };
const NONE = { begin: async () => {}, nudge: () => {}, applied: () => {}, waiting: () => 0, stop: async () => {} } satisfies Omit<
  Hooks,
  "desk"
>;

export const unfitUrlOf = (carrier: WebhookCarrier | undefined) => (carrier === undefined ? {} : { unfitUrl: carrier.unfitUrl });
