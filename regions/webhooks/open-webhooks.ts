/** What a region's process brings events to webhooks with, where that is its role. */
import type { Timers } from "../../core/ports/time.ts";
import type { WebhookCarrier } from "../../core/ports/webhooks.ts";
import type { Config } from "../config.ts";
import { version } from "../version.ts";
import { openWebhookCarrier } from "./carrier.ts";
import { openResolve } from "./resolve.ts";
import { allowanceOf } from "./settings.ts";

export function webhooksOf(config: Config, timers: Timers): { readonly webhooks?: WebhookCarrier } {
  if (!config.ATOLL_ROLES.includes("webhooks")) return {};
  const allowance = allowanceOf(config.ATOLL_WEBHOOK_ALLOW);
  return { webhooks: openWebhookCarrier({ allowance, resolve: openResolve(), timers, version: version() }) };
}
