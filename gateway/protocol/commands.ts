/** Commands as the socket takes them: one shape a kind, the fields of the HTTP body and path. The command's own id takes the field `id`, so a channel's alias is `alias` here. */
import { z } from "zod";
import type { Command, CommandKind } from "../../core/command.ts";
import * as bodies from "./bodies.ts";
import { anyId, commandId, emoji, plainId, stamp } from "./text.ts";

const asked = { id: commandId, seen: stamp.exactOptional() };
const inChannel = { channel: anyId };
const ofMessage = { channel: anyId, message: anyId };
const kind = <K extends CommandKind>(value: K) => ({ kind: z.literal(value) });

const ChannelChange = z.object({ ...asked, ...kind("channel.change"), ...inChannel, ...bodies.channelChanges });
export const CommandFrame = z
  .discriminatedUnion("kind", [
    z.object({ ...asked, ...kind("channel.create"), alias: plainId.exactOptional(), ...bodies.channelFields }),
    ChannelChange,
    z.object({ ...asked, ...kind("member.set"), ...inChannel, user: plainId, ...bodies.MemberSet.shape }),
    z.object({ ...asked, ...kind("member.remove"), ...inChannel, user: plainId }),
    z.object({ ...asked, ...kind("message.send"), ...inChannel, ...bodies.MessageSend.shape }),
    z.object({ ...asked, ...kind("message.edit"), ...ofMessage, ...bodies.MessageEdit.shape }),
    z.object({ ...asked, ...kind("message.delete"), ...ofMessage }),
    z.object({ ...asked, ...kind("reaction.set"), ...ofMessage, emoji }),
    z.object({ ...asked, ...kind("reaction.clear"), ...ofMessage, emoji }),
    z.object({ ...asked, ...kind("read.mark"), ...ofMessage }),
    z.object({
      ...asked,
      ...kind("webhook.set"),
      ...inChannel,
      webhook: anyId.exactOptional().describe("absent: a new one, with a url"),
      ...bodies.webhookChanges,
      rotate: z.literal(true).exactOptional().describe("its secret becomes another"),
    }),
    z.object({ ...asked, ...kind("webhook.remove"), ...inChannel, webhook: anyId }),
  ])
  .refine(
    (command) => command.kind !== "channel.change" || bodies.changesSomething(command),
    "one of name, topic, policy, deletes is needed",
  );

type Member = z.infer<typeof bodies.newMember>;
export const memberOf = (member: Member) => (typeof member === "string" ? { user: member, role: "member" as const } : member);

export function toCommand(frame: z.infer<typeof CommandFrame>): Command {
  if (frame.kind !== "channel.create") return frame;
  const { members, ...rest } = frame;
  return members === undefined ? rest : { ...rest, members: members.map(memberOf) };
}
