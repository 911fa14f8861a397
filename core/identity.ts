/**
 * What an identity follows from: any region derives it alike (law T3, hard parts H5). It is the hash of author and command id, so the same command
 * accepted in two cut-off regions is one message, and the ids that both gave it (`ids.ts`) find it.
 */
import { shortHash } from "./hash.ts";
import type { Identified, Identity } from "./ids.ts";

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
