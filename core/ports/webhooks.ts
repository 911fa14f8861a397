/** What the doors ask about webhooks, and what brings a delivery to its receiver. */
import type { Actor } from "../command.ts";
import type { Attempt, Time, Webhook } from "../objects.ts";

export interface Deliveries {
  /** The last tries of this region, newest first. */
  readonly items: readonly Attempt[];
  /** Events that this region has yet to bring there. */
  readonly waiting: number;
  /** After failures the next try is made then. */
  readonly pausedUntil: Time | null;
}

/** What became of a test delivery, made by the region that was asked. */
export interface Trial {
  /** The `webhook-id` it was sent under. */
  readonly id: string;
  readonly region: string;
  readonly at: Time;
  readonly outcome: "delivered" | "failed";
  /** What the receiver answered; null where it did not. */
  readonly status: number | null;
  /** Why there was no answer. */
  readonly why?: string;
  /** What to do about it. */
  readonly mend?: string;
  readonly tookMs: number;
}

/** Every call checks the right of who asks: owners and moderators of the channel; refusals as in the contract. */
export interface WebhookDesk {
  list(actor: Actor, channel: string): readonly Webhook[];
  /** With the secret for owners. */
  one(actor: Actor, channel: string, webhook: string): Webhook;
  deliveries(actor: Actor, channel: string, webhook: string): Deliveries;
  /** One signed request at once, whatever state the webhook is in; nothing is queued or counted. The same `key` is the same delivery. */
  test(actor: Actor, channel: string, webhook: string, key: string): Promise<Trial>;
}

export interface Delivery {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
/** `why` in a few words that hold no part of the URL. */
export type DeliveryOutcome = { readonly status: number } | { readonly why: string };

/** What a region needs to bring events to webhooks itself. */
export interface WebhookCarrier {
  /** Why nothing is sent to this URL; undefined: it may be tried. */
  unfitUrl(url: string): string | undefined;
  /** One request, never followed elsewhere, of seconds at most. Never rejects. */
  send(delivery: Delivery): Promise<DeliveryOutcome>;
}
