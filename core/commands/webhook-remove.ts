/** webhook.remove: by owners and moderators. What waits to be delivered to it is delivered no more. */
import type { CommandOf } from "../command.ts";
import { bornWebhook } from "../webhooks.ts";
import type { Deciding, Decision } from "./decision.ts";
import { headsOf } from "./decision.ts";
import { allow, standing } from "./standing.ts";
import { knownWebhook } from "./webhook-set.ts";

export function removeWebhook(deciding: Deciding, command: CommandOf<"webhook.remove">): Decision {
  const { channel, role, right, policy, deletes } = standing(deciding, command.channel);
  allow(role, "set-webhook", "remove webhooks");
  const { webhook, register } = knownWebhook(deciding.view, channel, command.webhook);
  const data = { webhook, born: bornWebhook(register), replaces: headsOf(register) };
  return {
    events: [{ kind: "webhook.removed", channel, data, right, policy, deletes, content: deciding.contentOf(channel, { webhook }) }],
  };
}
