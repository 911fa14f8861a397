/** Rows as the port's own facts. */
import type { Identity } from "../../core/ids.ts";
import type { ShownMessage, StoredConflict, StoredMessage } from "../../core/ports/history-store.ts";
import type { ConflictRecord } from "../../core/register.ts";
import { readState } from "./words.ts";

/** Audit entries of one partition. */
export const SLICE = 10_000;

/** What a message has that nobody has answered, edited or reacted to, is left out of what is kept of it. */
type Packed = Partial<ShownMessage> & Pick<ShownMessage, "author" | "body" | "version"> & { readonly hidden?: readonly string[] };
const NONE: readonly string[] = [];
const NO_REACTIONS: ShownMessage["reactions"] = {};

/** Without what most messages have alike: half the bytes to keep, and to parse for a page. */
export function packed({ shown, hidden }: Pick<StoredMessage, "shown" | "hidden">): Packed {
  const { thread, editedAt, deleted, reactions, conflict, heads, ...own } = shown;
  return {
    ...own,
    ...(thread === null ? {} : { thread }),
    ...(editedAt === null ? {} : { editedAt }),
    ...(deleted ? { deleted } : {}),
    ...(Object.keys(reactions).length === 0 ? {} : { reactions }),
    ...(conflict === null ? {} : { conflict }),
    ...(heads.length === 1 && heads[0] === own.version ? {} : { heads }),
    ...(hidden.length === 0 ? {} : { hidden }),
  };
}

/** Field by field: spreading defaults and what is there costs ten times the parsing. */
export function storedMessage(channel: Identity, place: string, value: unknown): StoredMessage {
  const cut = place.indexOf("|");
  const { author, body, version, metadata, hidden = NONE, ...more } = value as Packed;
  const { thread = null, editedAt = null, deleted = false, heads = [version], reactions = NO_REACTIONS, conflict = null } = more;
  const plain = { author, body, thread, editedAt, deleted, version, heads, reactions, conflict };
  const shown: ShownMessage = metadata === undefined ? plain : { ...plain, metadata };
  return { channel, message: place.slice(cut + 1), born: place.slice(0, cut), shown, hidden };
}

export function storedConflict(channel: Identity, id: string, state: string): readonly StoredConflict[] {
  const { value } = readState(state);
  if (value === undefined) return [];
  const { register, record } = value as { readonly register: string; readonly record: ConflictRecord };
  return [{ channel, id, register, record }];
}
