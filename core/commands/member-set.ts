/** member.set: role and removal are one register (D7), so that two owners who remove each other in a cut are both out. */
import type { CommandOf } from "../command.ts";
import { registerKey } from "../register.ts";
import type { Deciding, Decision } from "./decision.ts";
import { headsOf } from "./decision.ts";
import { keepOwner } from "./last-owner.ts";
import { allow, roleIn, standing } from "./standing.ts";

export function setMember(deciding: Deciding, command: CommandOf<"member.set">): Decision {
  const { view, contentOf } = deciding;
  const { channel, role, right, policy, deletes } = standing(deciding, command.channel);
  const present = roleIn(view, channel, command.user);
  // Who is only to be a member is one already: nobody loses a role that was not spoken of.
  const wanted = command.role ?? present ?? "member";
  const plain = wanted === "member" && (present === null || present === "member");
  allow(role, plain ? "set-member" : "set-role", plain ? "add members" : `make ${command.user} ${wanted}`);
  if (command.user === deciding.actor.user && present === "owner" && wanted !== "owner") keepOwner(deciding, channel, "become less");
  const replaces = headsOf(view.register(registerKey.member(channel, command.user)));
  return {
    events: [
      {
        kind: "member.set",
        channel,
        data: { user: command.user, role: wanted, replaces },
        right,
        policy,
        deletes,
        content: contentOf(channel, wanted),
      },
    ],
  };
}
