/** message.send: the message's identity is the hash of author and command id, so the same send in two cut-off regions is one message (T3). */
import type { CommandOf } from "../command.ts";
import { Refusal } from "../errors.ts";
import { identityOf } from "../identity.ts";
import { identityIn } from "../ids.ts";
import { registerKey } from "../register.ts";
import type { Deciding, Decision } from "./decision.ts";
import { allow, standing } from "./standing.ts";

/** What of a message's value is compared: text and metadata, however it came (sent, edited, restored). */
export const messageValue = (body: string, metadata: CommandOf<"message.send">["metadata"]) =>
  metadata === undefined ? { body } : { body, metadata };

export function sendMessage(deciding: Deciding, command: CommandOf<"message.send">): Decision {
  const { view, actor, contentOf } = deciding;
  const { channel, role, right, policy, deletes } = standing(deciding, command.channel);
  allow(role, "send", "send messages");
  const message = identityOf("message", actor.user, command.id);
  // An edit from elsewhere may be here before the send that it edits: then this is that send's twin.
  if (view.register(registerKey.body(channel, message))?.entries.some(({ kind }) => kind === "sent"))
    throw new Refusal("conflict-of-command", "This command id has already made a message.", {
      hint: "Use a fresh Idempotency-Key for a new message.",
    });
  const thread = command.thread ?? null;
  if (thread !== null && identityIn("message", thread) === undefined) throw new Refusal("invalid", "thread is no message id.");
  const { body, metadata } = command;
  const value = messageValue(body, metadata);
  return {
    events: [
      {
        kind: "message.sent",
        channel,
        // In canonical order.
        data: metadata === undefined ? { body, message, replaces: [], thread } : { body, message, metadata, replaces: [], thread },
        right,
        policy,
        deletes,
        content: contentOf(channel, value),
      },
    ],
  };
}
