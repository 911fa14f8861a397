/**
 * Ids that any region derives alike (law T3, hard parts H5): the hash of author and command id is the identity, the region tag says
 * where the command was accepted. The same command accepted in two cut-off regions is therefore one message, and both ids find it.
 */
import { shortHash } from "./hash.ts";
import type { Stamp } from "./stamp.ts";
import { stampRegion } from "./stamp.ts";

/** The 26 letters that identify a message, channel or webhook in every region; what registers are keyed by. */
export type Identity = string;
export type Identified = "message" | "channel" | "webhook";

/** The identity of what `author` made with the command `command`. */
export function identityOf(kind: Identified, author: string, command: string): Identity {
  const text = `${kind}\n${author}\n${command}`;
  if (text !== lastText) [lastText, lastIdentity] = [text, shortHash(text)];
  return lastIdentity;
}
/** Of the command in hand, which is asked for at every step of its way: when it comes in, is decided, judged and applied. */
let lastText = "";
let lastIdentity: Identity = "";

/**
 * Where a command's effect is looked up: the same author and command id, in any region, are one command (T3). It is the identity of the message
 * that the command would make, as most commands make one and their identity is known already.
 */
export const commandKey = (author: string, command: string): string => identityOf("message", author, command);

const PREFIX = { message: "msg", channel: "chn", webhook: "whk" } as const;

/** "msg_us_<identity>": shown to people; the tag is the region of the smallest stamp that made it (D12 of the register). */
export const shownId = (kind: Identified, identity: Identity, born: Stamp): string => `${PREFIX[kind]}_${stampRegion(born)}_${identity}`;

/** The same while what made it is not here yet: any tag finds it, and this one says that its region is not known. */
export const unbornId = (kind: Identified, identity: Identity): string => `${PREFIX[kind]}_unknown_${identity}`;

const SHOWN = /^(msg|chn|whk)_[A-Za-z0-9_-]{1,64}_([0-9a-z]{26})$/;

/** The identity inside a shown id of either tag, or undefined when the text is no such id. */
export function identityIn(kind: Identified, id: string): Identity | undefined {
  const found = SHOWN.exec(id);
  return found?.[1] === PREFIX[kind] ? found[2] : undefined;
}

/** Ids that people choose (users, channel aliases, regions): safe in keys, paths and subjects (hard parts H1). */
export const isPlainId = (text: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(text);
