/** reaction.set and reaction.clear: one register a message, user and emoji; the last word by stamp holds, no conflict is logged (S3). */
import type { CommandOf } from "../command.ts";
import { registerKey } from "../register.ts";
import type { Deciding, Decision } from "./decision.ts";
import { headsOf } from "./decision.ts";
import { findMessage, refuseGone } from "./message-standing.ts";
import { allow, standing } from "./standing.ts";

export function setReaction(deciding: Deciding, command: CommandOf<"reaction.set" | "reaction.clear">): Decision {
  const { view, actor, contentOf } = deciding;
  const { channel, role, right, policy, deletes } = standing(deciding, command.channel);
  allow(role, "react", "react");
  const found = findMessage(deciding, channel, command.message);
  if (found.gone) throw refuseGone(command.message);
  const replaces = headsOf(view.register(registerKey.reaction(channel, found.identity, command.emoji, actor.user)));
  const kind = command.kind === "reaction.set" ? "reaction.set" : "reaction.cleared";
  const data = { message: found.identity, emoji: command.emoji, born: found.birth.stamp, replaces };
  return { events: [{ kind, channel, data, right, policy, deletes, content: contentOf(channel, kind === "reaction.set") }] };
}
