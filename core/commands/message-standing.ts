/** What a command about a message needs to know of it. */
import { Refusal } from "../errors.ts";
import type { MessageAbout } from "../event.ts";
import { identityIn } from "../ids.ts";
import type { Entry, Register } from "../register.ts";
import { registerKey } from "../register.ts";
import type { Deciding, View } from "./decision.ts";

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

export const refuseGone = (message: string): Refusal => new Refusal("gone", `The message ${message.slice(0, 80)} was deleted for good.`);

/** The thread of a send is in its value beside the text, so that the birth alone tells it. */
export function aboutMessage(view: View, channel: string, { identity, birth }: FoundMessage): MessageAbout {
  const reactions = view.reactions(channel, identity);
  return {
    author: birth.author,
    born: birth.stamp,
    thread: threadOf(birth),
    ...(Object.keys(reactions).length > 0 ? { reactions } : {}),
  };
}

export function threadOf(birth: Entry): string | null {
  const value = birth.value;
  const thread =
    typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>)["thread"] : null;
  return typeof thread === "string" ? thread : null;
}
