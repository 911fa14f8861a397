/** Messages and their versions as the door reads them: from where history is kept, with what is not settled there yet laid over it (read your writes, H4). */
import type { Actor } from "../command.ts";
import type { Message, Version } from "../objects.ts";
import type { Vector } from "../position.ts";
import type { Page, PageAsk, Reader } from "./reader.ts";

/** Which page of a channel's messages. */
export type MessagesAsk = Parameters<Reader["messages"]>[2];
/** A page, and what this region had applied when it was made: who follows from there misses nothing. */
export interface MessagePage extends Page<Message> {
  readonly applied: Vector;
}

/** The same answers and refusals as the Reader's calls of these names. */
export interface MessageHistory {
  messages(actor: Actor, channel: string, ask: MessagesAsk): Promise<MessagePage>;
  versions(actor: Actor, channel: string, message: string, page: PageAsk): Promise<Page<Version>>;
}

/** History as the embedded store holds it. */
export const embeddedHistory = (reader: Pick<Reader, "messages" | "versions" | "applied">): MessageHistory => ({
  messages: async (actor, channel, ask) => ({ ...reader.messages(actor, channel, ask), applied: reader.applied() }),
  versions: async (actor, channel, message, page) => reader.versions(actor, channel, message, page),
});
