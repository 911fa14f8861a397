/** read.mark: the marker is the message and what the region had applied then; unread is what lies beyond (H15). It may go back. */
import type { CommandOf } from "../command.ts";
import { vectorText } from "../position.ts";
import { registerKey } from "../register.ts";
import type { Deciding, Decision } from "./decision.ts";
import { headsOf } from "./decision.ts";
import { findMessage } from "./message-standing.ts";
import { allow, standing } from "./standing.ts";

export function markRead(deciding: Deciding, command: CommandOf<"read.mark">): Decision {
  const { view, actor, contentOf } = deciding;
  const { channel, role, right, policy, deletes } = standing(deciding, command.channel);
  allow(role, "read", "read");
  const found = findMessage(deciding, channel, command.message);
  const replaces = headsOf(view.register(registerKey.read(channel, actor.user)));
  const data = { message: found.identity, born: found.birth.stamp, upTo: vectorText(view.applied()), replaces };
  return { events: [{ kind: "read.marked", channel, data, right, policy, deletes, content: contentOf(channel, found.identity) }] };
}
