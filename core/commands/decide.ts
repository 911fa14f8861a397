/** Which file decides which command. */
import type { Command } from "../command.ts";
import { changeChannel } from "./channel-change.ts";
import { createChannel } from "./channel-create.ts";
import { restoreConflict } from "./conflict-restore.ts";
import { seeConflict } from "./conflict-see.ts";
import type { Deciding, Decision } from "./decision.ts";
import { updateDocument } from "./document-update.ts";
import { removeMember } from "./member-remove.ts";
import { setMember } from "./member-set.ts";
import { deleteMessage } from "./message-delete.ts";
import { editMessage } from "./message-edit.ts";
import { sendMessage } from "./message-send.ts";
import { changeProfile } from "./profile-change.ts";
import { setReaction } from "./reaction-set.ts";
import { markRead } from "./read-mark.ts";
import { removeWebhook } from "./webhook-remove.ts";
import { setWebhook } from "./webhook-set.ts";

/** Decides one command against what this region knows. Throws a Refusal, or says which events should happen. */
export function decide(deciding: Deciding, command: Command): Decision {
  switch (command.kind) {
    case "channel.create":
      return createChannel(deciding, command);
    case "channel.change":
      return changeChannel(deciding, command);
    case "member.set":
      return setMember(deciding, command);
    case "member.remove":
      return removeMember(deciding, command);
    case "message.send":
      return sendMessage(deciding, command);
    case "message.edit":
      return editMessage(deciding, command);
    case "message.delete":
      return deleteMessage(deciding, command);
    case "reaction.set":
    case "reaction.clear":
      return setReaction(deciding, command);
    case "read.mark":
      return markRead(deciding, command);
    case "document.update":
      return updateDocument(deciding, command);
    case "webhook.set":
      return setWebhook(deciding, command);
    case "webhook.remove":
      return removeWebhook(deciding, command);
    case "profile.change":
      return changeProfile(deciding, command);
    case "conflict.restore":
      return restoreConflict(deciding, command);
    case "conflict.see":
      return seeConflict(deciding, command);
  }
}
