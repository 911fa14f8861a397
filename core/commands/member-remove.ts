/** member.remove: by those who may, or by oneself. In effect in this region before the reply (C11). */
import type { CommandOf } from "../command.ts";
import { Refusal } from "../errors.ts";
import { registerKey } from "../register.ts";
import type { Deciding, Decision } from "./decision.ts";
import { headsOf } from "./decision.ts";
import { keepOwner } from "./last-owner.ts";
import { allow, roleIn, standing } from "./standing.ts";

export function removeMember(deciding: Deciding, command: CommandOf<"member.remove">): Decision {
  const { view, actor, contentOf } = deciding;
  const { channel, role, right, policy, deletes } = standing(deciding, command.channel);
  const present = roleIn(view, channel, command.user);
  if (present === null) throw new Refusal("not-found", `${command.user} is no member of this channel here.`);
  const act = command.user === actor.user ? "leave" : present === "member" ? "remove-member" : "remove-privileged";
  allow(role, act, `remove ${command.user}`);
  if (act === "leave" && role === "owner") keepOwner(deciding, channel, "leave it");
  const replaces = headsOf(view.register(registerKey.member(channel, command.user)));
  return {
    events: [
      {
        kind: "member.removed",
        channel,
        data: { user: command.user, replaces },
        right,
        policy,
        deletes,
        content: contentOf(channel, null),
      },
    ],
  };
}
