/** What the doors are told about a channel's webhooks, by those who may change them (core/permissions.ts). */
import type { Actor } from "../../core/command.ts";
import { allow, roleIn } from "../../core/commands/standing.ts";
import { knownWebhook } from "../../core/commands/webhook-set.ts";
import type { Role } from "../../core/event.ts";
import { shownId } from "../../core/ids.ts";
import type { Webhook } from "../../core/objects.ts";
import { may } from "../../core/permissions.ts";
import type { TableReader } from "../../core/ports/state-store.ts";
import type { Deliveries, WebhookDesk } from "../../core/ports/webhooks.ts";
import { bornWebhook, type WebhookSecret } from "../../core/webhooks.ts";
import { memberChannel } from "../read/access.ts";
import { webhooksIn, webhookView } from "../read/webhook-view.ts";
import type { Trials } from "./trials.ts";

export interface DeskParts {
  readonly tables: TableReader;
  readonly shownChannel: (channel: string) => string;
  readonly secretOf: WebhookSecret;
  /** How this region's deliveries to a webhook go. */
  readonly deliveries: (webhook: string) => Deliveries;
  readonly trials: Trials;
}

export function openWebhookDesk({ tables, shownChannel, secretOf, deliveries, trials }: DeskParts): WebhookDesk {
  const registers = { register: (key: string) => tables.get("registers", key) };
  const within = (actor: Actor, channel: string): { readonly channel: string; readonly role: Role } => {
    const identity = memberChannel(tables, actor, channel);
    const role = roleIn(registers, identity, actor.user) ?? "member";
    allow(role, "set-webhook", "see its webhooks");
    return { channel: identity, role };
  };
  const view = (channel: string, webhook: string): readonly Webhook[] => {
    const found = webhookView(tables, channel, webhook, shownChannel(channel));
    return found === undefined ? [] : [found];
  };
  return {
    list: (actor, channel) => {
      const of = within(actor, channel);
      return webhooksIn(tables, of.channel).flatMap((webhook) => view(of.channel, webhook));
    },
    one: (actor, channel, id) => {
      const of = within(actor, channel);
      const { webhook, value } = knownWebhook(registers, of.channel, id);
      const [shown] = view(of.channel, webhook) as readonly [Webhook];
      return may(of.role, "see-secret") ? { ...shown, secret: secretOf(webhook, value.generation) } : shown;
    },
    deliveries: (actor, channel, id) => deliveries(knownWebhook(registers, within(actor, channel).channel, id).webhook),
    test: async (actor, channel, id, key) => {
      const of = within(actor, channel);
      const { webhook, register, value } = knownWebhook(registers, of.channel, id);
      const shown = { channel: shownChannel(of.channel), webhook: shownId("webhook", webhook, bornWebhook(register)) };
      return trials.run({ webhook, register, value, shown, user: actor.user, key });
    },
  };
}
