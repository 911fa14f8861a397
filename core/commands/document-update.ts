/** document.update: one change of a document that people write together. It joins with all others, so nothing has to be decided but who may (S3). */
import type { CommandOf } from "../command.ts";
import { identityOf } from "../identity.ts";
import type { Deciding, Decision } from "./decision.ts";
import { allow, standing } from "./standing.ts";

export function updateDocument(deciding: Deciding, command: CommandOf<"document.update">): Decision {
  const { actor, contentOf } = deciding;
  const { channel, role, right, policy, deletes } = standing(deciding, command.channel);
  allow(role, "write-document", "write in its documents");
  const { document, update } = command;
  const data = { document, change: identityOf("message", actor.user, command.id), update };
  return { events: [{ kind: "document.updated", channel, data, right, policy, deletes, content: contentOf(channel, update) }] };
}
