/** channel.create: the creator owns it; invited members follow as events of the same command. */
import type { CommandOf } from "../command.ts";
import { Refusal } from "../errors.ts";
import { identityOf } from "../identity.ts";
import { registerKey } from "../register.ts";
import type { Deciding, Decision, Draft } from "./decision.ts";
import { DEFAULTS } from "./decision.ts";
import { channelIdentity } from "./standing.ts";

/** `born` stands for the stamp that the creation will get: the right by which the creator invites. */
export const BORN_STAMP = "born";

export function createChannel(deciding: Deciding, command: CommandOf<"channel.create">): Decision {
  const { view, actor, contentOf } = deciding;
  const channel = identityOf("channel", actor.user, command.id);
  if (command.alias !== undefined && channelIdentity(view, command.alias) !== undefined)
    throw new Refusal("invalid", `The channel id ${command.alias} is taken.`, {
      hint: "Choose another id, or leave it out: every channel gets one.",
    });
  const policy = command.policy ?? DEFAULTS.policy;
  const deletes = command.deletes ?? DEFAULTS.deletes;
  const data = { name: command.name, topic: command.topic ?? null, policy, deletes, alias: command.alias ?? null };
  const invited = new Map((command.members ?? []).filter(({ user }) => user !== actor.user).map(({ user, role }) => [user, role]));
  const created: Draft = { kind: "channel.created", channel, data, policy, deletes, content: contentOf(channel, data) };
  const members = [...invited].map(
    ([user, role]): Draft => ({
      kind: "member.set",
      channel,
      data: { user, role, replaces: view.register(registerKey.member(channel, user))?.resolution.heads ?? [] },
      right: BORN_STAMP,
      policy,
      deletes,
      content: contentOf(channel, role),
    }),
  );
  return { events: [created, ...members] };
}
