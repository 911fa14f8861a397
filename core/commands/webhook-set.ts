/** webhook.set: makes a webhook of a channel or changes one, by its owners and moderators. What the command does not name stays. */
import type { CommandOf } from "../command.ts";
import { Refusal } from "../errors.ts";
import type { Json } from "../event.ts";
import { identityOf } from "../identity.ts";
import { identityIn } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import type { Register } from "../register.ts";
import { registerKey } from "../register.ts";
import { unfitUrl } from "../webhook-url.ts";
import { bornWebhook, type WebhookValue, webhookValue } from "../webhooks.ts";
import type { Deciding, Decision } from "./decision.ts";
import { headsOf } from "./decision.ts";
import { allow, type Registers, standing } from "./standing.ts";

type SetWebhook = CommandOf<"webhook.set">;
const FIELDS = ["url", "events", "enabled", "name", "rotate"] as const;

export function setWebhook(deciding: Deciding, command: SetWebhook): Decision {
  const { channel, role, right, policy, deletes } = standing(deciding, command.channel);
  allow(role, "set-webhook", "set webhooks");
  const known = command.webhook === undefined ? undefined : knownWebhook(deciding.view, channel, command.webhook);
  const { url } = command;
  const unfit = url === undefined ? undefined : (deciding.unfitUrl ?? unfitUrl)(url);
  if (unfit !== undefined) throw new Refusal("invalid", `The webhook's url ${unfit}.`);
  const webhook = known?.webhook ?? newWebhook(deciding, channel, command.id);
  const value = known === undefined ? created(command) : changed(known.value, command);
  const born = known === undefined ? {} : { born: bornWebhook(known.register) };
  const rotated = command.rotate === true && known !== undefined ? ({ rotated: true } as const) : {};
  const replaces = headsOf(known?.register);
  const content = deciding.contentOf(channel, { ...value, webhook } satisfies Json);
  return {
    events: [{ kind: "webhook.set", channel, data: { webhook, ...value, ...born, ...rotated, replaces }, right, policy, deletes, content }],
  };
}

export interface KnownWebhook {
  readonly webhook: string;
  readonly register: Register;
  readonly value: WebhookValue;
}
/** The webhook behind a shown id of either tag; refuses with not-found. */
export function knownWebhook(view: Registers, channel: string, id: string): KnownWebhook {
  const webhook = identityIn("webhook", id);
  const register = webhook === undefined ? undefined : view.register(registerKey.webhook(channel, webhook));
  const value = webhookValue(register);
  if (webhook === undefined || register === undefined || value === undefined)
    throw new Refusal("not-found", `There is no webhook ${id.slice(0, 80)} in this channel here.`);
  return { webhook, register, value };
}

function newWebhook({ view, actor }: Deciding, channel: string, command: string): string {
  if (view.webhooks(channel).length >= LIMITS.webhooksPerChannel)
    throw new Refusal("invalid", `This channel has ${LIMITS.webhooksPerChannel} webhooks already.`, {
      hint: "Remove one, or change one that stands.",
    });
  return identityOf("webhook", actor.user, command);
}

function created({ url, events = null, enabled = true, name = null }: SetWebhook): WebhookValue {
  if (url === undefined) throw new Refusal("invalid", "A webhook needs a url.");
  return { url, events, enabled, generation: 1, name };
}

/** Also where nothing differs: another version resumes a webhook that was halted. */
function changed(before: WebhookValue, command: SetWebhook): WebhookValue {
  if (FIELDS.every((field) => command[field] === undefined))
    throw new Refusal("invalid", "Nothing to change is named.", { hint: "Give at least one of url, events, enabled, name." });
  const { url = before.url, events = before.events, enabled = before.enabled, name = before.name, rotate } = command;
  return { url, events, enabled, generation: before.generation + (rotate === true ? 1 : 0), name };
}
