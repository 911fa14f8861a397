/** conflict.restore: the losing text comes back as a new edit that names the conflict (P7 of the register): by its author, a moderator, the owner or an auditor. */
import type { CommandOf } from "../command.ts";
import { Refusal } from "../errors.ts";
import { may } from "../permissions.ts";
import type { Entry } from "../register.ts";
import { readKey, registerKey } from "../register.ts";
import type { Deciding, Decision } from "./decision.ts";
import { aboutMessage, birthOf, isGone, refuseGone } from "./message-standing.ts";
import { policies, roleIn } from "./standing.ts";
import { updateOf } from "./text-change.ts";

const unknownConflict = (id: string): Refusal => new Refusal("not-found", `There is no conflict ${id.slice(0, 80)} that you may see.`);

export function restoreConflict(deciding: Deciding, command: CommandOf<"conflict.restore">): Decision {
  const { view, actor, contentOf } = deciding;
  const found = view.conflict(command.conflict);
  if (found === undefined) throw unknownConflict(command.conflict);
  const { channel, kind, ids } = readKey(found.register.key);
  const role = roleIn(view, channel, actor.user);
  const auditor = actor.roles.includes("auditor");
  if (role === null && !auditor) throw unknownConflict(command.conflict);
  if (kind !== "body")
    throw new Refusal("invalid", `Only texts are restored; this conflict is about a channel's ${kind}.`, {
      hint: "Set the value you want with the ordinary command.",
    });
  const version = found.register.entries.find((entry) => entry.stamp === command.version && found.record.versions.includes(entry.stamp));
  if (version === undefined)
    throw new Refusal("not-found", `The conflict has no version ${command.version}.`, {
      hint: `Its versions: ${found.record.versions.join(", ")}.`,
    });
  const byMembership = role !== null && (may(role, "edit-any") || version.author === actor.user);
  if (!byMembership && !auditor)
    throw new Refusal("forbidden", "Only the version's author, a moderator, the owner or an auditor may restore it.");
  if (isGone(found.register)) throw refuseGone("of this conflict");
  const text = textOf(version);
  const birth = birthOf(found.register);
  if (text === undefined || birth === undefined) throw new Refusal("invalid", "This version has no text to restore.");
  // An auditor who is a plain member here restores as an auditor: judged by the membership, every region would find it void (D6).
  const right = !byMembership ? undefined : view.register(registerKey.member(channel, actor.user))?.resolution.winner;
  const about = aboutMessage(view, channel, { identity: ids[0] ?? "", register: found.register, birth, gone: false });
  const standing = policies(view, channel);
  const replaces = found.register.resolution.heads;
  const data = {
    message: ids[0] ?? "",
    ...text,
    ...updateOf(deciding, { policy: standing.policy, register: found.register, replaces, command: command.id, body: text.body }),
    replaces,
    restores: { conflict: found.record.id, version: command.version },
    about,
  };
  return {
    events: [
      {
        kind: "message.edited",
        channel,
        data,
        ...(right == null ? {} : { right }),
        ...standing,
        content: contentOf(channel, text),
      },
    ],
  };
}

function textOf({ value }: Entry): { readonly body: string } | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { body, metadata } = value as Readonly<Record<string, unknown>>;
  return typeof body === "string" ? { body, ...(metadata === undefined ? {} : { metadata }) } : undefined;
}
