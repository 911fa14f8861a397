/** A channel's webhooks, as those see them who may change them. */
import { shownId } from "../../core/ids.ts";
import type { Webhook } from "../../core/objects.ts";
import type { TableReader } from "../../core/ports/state-store.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import { registerKey } from "../../core/register.ts";
import { stampIso, stampRegion } from "../../core/stamp.ts";
import { bornWebhook, haltOf, webhookValue } from "../../core/webhooks.ts";

/** Their identities. */
export const webhooksIn = (tables: TableReader, channel: string): readonly string[] =>
  [...tables.range("webhooks", keysUnder(`${channel}|`))].map(([key]) => key.slice(channel.length + 1));

/** Undefined for what nobody made, or is removed. `shownChannel`: the channel's shown id. */
export function webhookView(tables: TableReader, channel: string, webhook: string, shownChannel: string): Webhook | undefined {
  const register = tables.get("registers", registerKey.webhook(channel, webhook));
  const value = webhookValue(register);
  if (register === undefined || value === undefined) return undefined;
  const { name, url, events, enabled } = value;
  const born = bornWebhook(register);
  const halt = tables.get("registers", registerKey.halt(channel, webhook));
  const halted = haltOf(register, halt);
  const by = halt?.resolution.winner ?? "";
  return {
    id: shownId("webhook", webhook, born),
    channel: shownChannel,
    name,
    url,
    events,
    enabled,
    halted: halted === undefined ? null : { reason: halted.reason, region: stampRegion(by), at: stampIso(by) },
    createdAt: stampIso(born),
    version: register.resolution.winner ?? born,
  };
}
