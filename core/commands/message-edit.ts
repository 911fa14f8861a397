/** message.edit: a new version that replaces the versions its author saw (S1): all heads known here, unless the client says what it really saw. */
import type { CommandOf } from "../command.ts";
import { Refusal } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Register } from "../register.ts";
import type { Stamp } from "../stamp.ts";
import type { Deciding, Decision } from "./decision.ts";
import { messageValue } from "./message-send.ts";
import { aboutMessage, findMessage, refuseGone } from "./message-standing.ts";
import { allow, standing } from "./standing.ts";
import { updateOf } from "./text-change.ts";

export function editMessage(deciding: Deciding, command: CommandOf<"message.edit">): Decision {
  const { view, actor, contentOf } = deciding;
  const { channel, role, right, policy, deletes } = standing(deciding, command.channel);
  const found = findMessage(deciding, channel, command.message);
  allow(role, found.birth.author === actor.user ? "edit-own" : "edit-any", "edit another's message");
  if (found.gone) throw refuseGone(command.message);
  const value = messageValue(command.body, command.metadata);
  const replaces = command.replaces ?? found.register.resolution.heads;
  refuseCrowd(found.register, replaces);
  const update = updateOf(deciding, { policy, register: found.register, replaces, command: command.id, body: command.body });
  const data = { message: found.identity, ...value, ...update, replaces, about: aboutMessage(view, channel, found) };
  return { events: [{ kind: "message.edited", channel, data, right, policy, deletes, content: contentOf(channel, value) }] };
}

/** Who names what was replaced long ago stands beside all that came since, and finding out who stands beside whom costs every region the square of their number. */
function refuseCrowd({ entries, resolution: { heads } }: Register, replaces: readonly Stamp[]): void {
  if (entries.length < LIMITS.versionsBeside || heads.every((head) => replaces.includes(head))) return;
  throw new Refusal("invalid", `This message has ${entries.length} versions, and no more may be put beside what is shown.`, {
    hint: "Leave out `replaces`: the edit then comes after all that is known here.",
  });
}
