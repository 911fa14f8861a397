/** channel.change: each changed field is a register of its own and replaces the versions of it that are known here. */
import type { CommandOf } from "../command.ts";
import { Refusal } from "../errors.ts";
import { registerKey } from "../register.ts";
import type { Stamp } from "../stamp.ts";
import type { Deciding, Decision } from "./decision.ts";
import { headsOf } from "./decision.ts";
import { allow, channelBirth, registerValue, standing } from "./standing.ts";

const FIELDS = ["name", "topic", "policy", "deletes"] as const;

export function changeChannel(deciding: Deciding, command: CommandOf<"channel.change">): Decision {
  const { view, contentOf } = deciding;
  const { channel, role, right, policy, deletes } = standing(deciding, command.channel);
  allow(role, "change-channel", "change the channel");
  const changed = FIELDS.filter((field) => command[field] !== undefined);
  if (changed.length === 0)
    throw new Refusal("invalid", "Nothing to change is named.", { hint: `Give at least one of ${FIELDS.join(", ")}.` });
  const replaces: Record<string, readonly Stamp[]> = {};
  for (const field of changed) replaces[field] = headsOf(view.register(registerKey.field(channel, field)));
  const told = Object.fromEntries(changed.map((field) => [field, command[field] ?? null]));
  const name = command.name ?? String(registerValue(view.register(registerKey.field(channel, "name"))) ?? "");
  const topic = command.topic === undefined ? registerValue(view.register(registerKey.field(channel, "topic"))) : command.topic;
  const about = {
    name,
    topic: typeof topic === "string" ? topic : null,
    policy: command.policy ?? policy,
    deletes: command.deletes ?? deletes,
    born: channelBirth(view, channel) ?? right,
  };
  return {
    events: [
      { kind: "channel.changed", channel, data: { ...told, replaces, about }, right, policy, deletes, content: contentOf(channel, told) },
    ],
  };
}
