/** A message as its registers show it now: one body register and its reactions (S1). */
import { birthOf, threadOf } from "../../core/commands/message-standing.ts";
import { shownId } from "../../core/ids.ts";
import type { Message } from "../../core/objects.ts";
import type { ConflictRecord, Entry, Register } from "../../core/register.ts";
import type { Stamp } from "../../core/stamp.ts";
import { stampIso, stampRegion } from "../../core/stamp.ts";
import { bodyValue, isDeleted } from "./body-value.ts";
import type { Reactions } from "./reactions.ts";

export interface MessageParts {
  /** Shown id. */
  readonly channel: string;
  readonly identity: string;
  readonly register: Register;
  readonly reactions: Reactions;
}

/** Undefined while the send is not here, or has no right: such a register is kept, and not shown (H9, D6). */
export function messageView({ channel, identity, register, reactions }: MessageParts): Message | undefined {
  const birth = birthOf(register);
  const { winner, heads } = register.resolution;
  if (birth === undefined || winner === null) return undefined;
  const { body, metadata } = bodyValue(register.resolution.value);
  const conflict = conflictOfHeads(register);
  return {
    id: shownId("message", identity, birth.stamp),
    channel,
    author: birth.author,
    body,
    thread: threadOf(birth),
    ...(metadata === undefined ? {} : { metadata }),
    createdAt: stampIso(birth.stamp),
    editedAt: editedAt(register, winner),
    deleted: isDeleted(register),
    origin: stampRegion(birth.stamp),
    version: winner,
    heads,
    reactions,
    conflict: conflict === undefined ? null : { id: conflict.id, state: conflict.state },
  };
}

/** A winner that was sent is the message as born, and one that deletes is no edit. */
function editedAt(register: Register, winner: Stamp): string | null {
  const shown = register.entries.find(({ stamp }) => stamp === winner);
  return shown !== undefined && isEdit(shown) ? stampIso(winner) : null;
}
const isEdit = ({ kind }: Entry): boolean => kind === "edited" || kind === "restored";

/** The record of the group that holds the heads (D2): the winner's, where heads stand in several. Edited on, the conflict is history. */
export function conflictOfHeads({ resolution: { winner, heads, records } }: Register): ConflictRecord | undefined {
  const holding = records.filter(({ versions }) => versions.some((stamp) => heads.includes(stamp)));
  return holding.find(({ versions }) => winner !== null && versions.includes(winner)) ?? holding[0];
}
