/**
 * What an identity follows from: any region derives it alike (law T3, hard parts H5). It is the hash of author and command id, so the same command
 * accepted in two cut-off regions is one message, and the ids that both gave it (`ids.ts`) find it.
 */
import type { Event } from "./event.ts";
import { shortHash } from "./hash.ts";
import type { Identified, Identity } from "./ids.ts";

/** The identity of what `author` made with the command `command`. */
export const identityOf = (kind: Identified, author: string, command: string): Identity => shortHash(`${kind}\n${author}\n${command}`);

/**
 * Where a command's effect is looked up: the same author and command id, in any region, are one command (T3). It is the identity of the message
 * that the command would make, as most commands make one and their identity is known already.
 */
export const commandKey = (author: string, command: string): string => identityOf("message", author, command);

/** The key of the command that an event is the effect of. Most events carry it: it is how a message, and a change of a document, is identified. */
export function commandKeyOf(event: Event): Identity {
  if (event.kind === "message.sent") return event.data.message;
  if (event.kind === "document.updated") return event.data.change;
  return commandKey(event.actor, event.command);
}
