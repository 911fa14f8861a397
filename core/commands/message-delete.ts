/** message.delete: a version whose value is null; final unless the channel says otherwise (S4, D4). */
import type { CommandOf } from "../command.ts";
import type { Deciding, Decision } from "./decision.ts";
import { aboutMessage, findMessage, refuseGone } from "./message-standing.ts";
import { allow, standing } from "./standing.ts";

export function deleteMessage(deciding: Deciding, command: CommandOf<"message.delete">): Decision {
  const { view, actor, contentOf } = deciding;
  const { channel, role, right, policy, deletes } = standing(deciding, command.channel);
  const found = findMessage(deciding, channel, command.message);
  allow(role, found.birth.author === actor.user ? "delete-own" : "delete-any", "delete another's message");
  if (found.gone) throw refuseGone(command.message);
  const data = { message: found.identity, replaces: found.register.resolution.heads, about: aboutMessage(view, channel, found) };
  return { events: [{ kind: "message.deleted", channel, data, right, policy, deletes, content: contentOf(channel, null) }] };
}
