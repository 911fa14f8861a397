/** What a command about a message needs to know of it. */
import { Refusal } from "../errors.ts";
import type { MessageAbout } from "../event.ts";
import { identityIn } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import type { Entry, Register } from "../register.ts";
import { registerKey } from "../register.ts";
import type { Deciding, View } from "./decision.ts";

type Reactions = ReturnType<View["reactions"]>;

/** A message that is shown here, with the send that made it. */
export interface FoundMessage {
  readonly identity: string;
  readonly register: Register;
  readonly birth: Entry;
  /** Deleted for good (S4): nothing brings it back. */
  readonly gone: boolean;
}

/** The send that made the message: the smallest of its twins. A message whose send is not here yet is not shown (H9). */
export function birthOf(register: Register | undefined): Entry | undefined {
  if (register === undefined) return undefined;
  const { void: voided, pending } = register.resolution;
  let birth: Entry | undefined;
  for (const entry of register.entries) {
    if (entry.kind !== "sent" || (birth !== undefined && birth.stamp < entry.stamp)) continue;
    if (!voided.includes(entry.stamp) && !pending.includes(entry.stamp)) birth = entry;
  }
  return birth;
}

/** Whether a final delete stands in the register (D4). */
export function isGone(register: Register): boolean {
  const hidden = new Set([...register.resolution.void, ...register.resolution.pending]);
  return register.entries.some((entry) => entry.kind === "deleted" && entry.deletes === "final" && !hidden.has(entry.stamp));
}

/** Refuses with `not-found` where the channel has no such message, by either tag of its id. */
export function findMessage({ view }: Deciding, channel: string, message: string): FoundMessage {
  const identity = identityIn("message", message);
  const register = identity === undefined ? undefined : view.register(registerKey.body(channel, identity));
  const birth = birthOf(register);
  if (identity === undefined || register === undefined || birth === undefined)
    throw new Refusal("not-found", `There is no message ${message.slice(0, 80)} in this channel here.`, {
      hint: "If it was sent in a region that is cut off, it arrives when the link is back.",
    });
  return { identity, register, birth, gone: isGone(register) };
}

/** The refusal of whoever asks something of a message whose text no region has any more. */
export const refuseGone = (message: string): Refusal => new Refusal("gone", `The message ${message.slice(0, 80)} was deleted for good.`);

/** The thread of a send is in its value beside the text, so that the birth alone tells it. */
export function aboutMessage(view: View, channel: string, { identity, birth }: FoundMessage): MessageAbout {
  const reactions = firstOf(view.reactions(channel, identity));
  return {
    author: birth.author,
    born: birth.stamp,
    thread: threadOf(birth),
    ...(Object.keys(reactions).length > 0 ? { reactions } : {}),
  };
}

/**
 * An event must stay small however many people react: whole lists would make a message that everybody likes too large to be changed. They are in
 * the event for the answer alone (T3); what stands is in the registers.
 */
function firstOf(reactions: Reactions): Reactions {
  let left: number = LIMITS.reactionsInAnswer;
  const first: Record<string, readonly string[]> = {};
  for (const [emoji, users] of Object.entries(reactions)) {
    if (left === 0) break;
    first[emoji] = users.slice(0, left);
    left -= first[emoji].length;
  }
  return first;
}

/** The thread that a message was sent into; null where it was sent into none. */
export function threadOf(birth: Entry): string | null {
  const value = birth.value;
  const thread =
    typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>)["thread"] : null;
  return typeof thread === "string" ? thread : null;
}
