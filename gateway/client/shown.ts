/** A message as a view shows it, with what the user has asked for and nobody has answered yet laid over it. */
import type { Deletes, Json } from "../../core/event.ts";
import type { ConflictState } from "../../core/objects.ts";
import { stampIso } from "../../core/stamp.ts";
import type { Asked, CommandState } from "./asked.ts";
import type { KnownMessage } from "./known-message.ts";

export interface ShownMessage {
  /** For lists on a page: the same while a message is pending, accepted, edited. */
  readonly key: string;
  /** Undefined until a region has accepted it. */
  readonly id: string | undefined;
  readonly author: string;
  /** null: deleted. */
  readonly body: string | null;
  readonly metadata?: Json;
  readonly thread: string | null;
  /** RFC 3339; of a pending one: when it was asked for, by the clock of this machine. */
  readonly createdAt: string;
  readonly editedAt: string | null;
  readonly deleted: boolean;
  readonly reactions: { readonly [emoji: string]: readonly string[] };
  /** Stamps of the versions that nobody has replaced: what `edit` with `replaces` names. Several: they were written without knowledge of each other. */
  readonly heads: readonly string[];
  /** The marker "edited on both sides of a cut". */
  readonly conflict: { readonly id: string; readonly state: ConflictState } | null;
  /** Of the user's own, sent here: how far it has come. `received`: anybody's. */
  readonly state: CommandState["is"] | "received";
  /** Why it was not accepted; give it up with `dismiss`. */
  readonly why?: Error;
  /** The user's own changes of it that nobody has answered yet. */
  readonly changing: readonly Asked[];
}

/** Undefined while its send is not known. `changes`: the user's own, in order. */
export function shownMessage(
  known: KnownMessage,
  deletes: Deletes,
  changes: readonly Asked[],
  sent: Asked | undefined,
  me: string | undefined,
): ShownMessage | undefined {
  const { birth, key } = known;
  const judged = known.judged(deletes);
  if (birth === undefined || judged === undefined) return undefined;
  const { body, metadata } = textIn(judged.value);
  const isEdit = judged.winner.kind === "edited" || judged.winner.kind === "restored";
  const shown: ShownMessage = {
    ...{ key, id: birth.id, author: birth.author, thread: birth.thread, createdAt: birth.createdAt },
    ...{ body, ...(metadata === undefined ? {} : { metadata }), deleted: judged.winner.kind === "deleted" },
    ...{ editedAt: isEdit ? stampIso(judged.winner.stamp) : null, heads: judged.heads, conflict: known.conflict(judged) },
    ...{
      reactions: known.reactions(),
      state: sent === undefined ? "received" : sent.state.is === "replicated" ? "replicated" : "accepted",
      changing: [],
    },
  };
  return changes.reduce((before, asked) => laidOver(before, asked, me), shown);
}

/** An own message that nobody has answered yet. */
export const pendingMessage = (asked: Asked, me: string | undefined): ShownMessage | undefined => {
  if (asked.command.kind !== "message.send") return undefined;
  const { body, thread = null, metadata } = asked.command;
  return {
    ...{ key: asked.id, id: undefined, author: me ?? "", body, thread, ...(metadata === undefined ? {} : { metadata }) },
    ...{ createdAt: new Date(asked.askedMs).toISOString(), editedAt: null, deleted: false, reactions: {}, heads: [], conflict: null },
    ...{ state: asked.state.is, changing: [], ...("why" in asked.state ? { why: asked.state.why } : {}) },
  };
};

function laidOver(before: ShownMessage, asked: Asked, me: string | undefined): ShownMessage {
  const shown = { ...before, changing: [...before.changing, asked] };
  const { command } = asked;
  if (command.kind === "message.edit")
    return { ...shown, body: command.body, ...(command.metadata === undefined ? {} : { metadata: command.metadata }) };
  if (command.kind === "message.delete") return { ...shown, body: null, deleted: true };
  if ((command.kind !== "reaction.set" && command.kind !== "reaction.clear") || me === undefined) return shown;
  const { [command.emoji]: users = [], ...others } = before.reactions;
  const left = users.filter((user) => user !== me);
  const now = command.kind === "reaction.set" ? [...left, me].sort() : left;
  return { ...shown, reactions: now.length === 0 ? others : { ...others, [command.emoji]: now } };
}

function textIn(value: Json): { readonly body: string | null; readonly metadata?: Json } {
  const { body, metadata } = (typeof value === "object" && value !== null ? value : {}) as {
    readonly body?: unknown;
    readonly metadata?: Json;
  };
  return { body: typeof body === "string" ? body : null, ...(metadata === undefined ? {} : { metadata }) };
}
