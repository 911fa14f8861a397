/** Rows as the port's own facts. */
import type { Identity } from "../../core/ids.ts";
import type { ShownMessage, StoredConflict, StoredMessage, Word } from "../../core/ports/history-store.ts";
import { wordText } from "../../core/ports/history-store.ts";
import type { ConflictRecord } from "../../core/register.ts";
import { readState, stateText } from "./words.ts";

/** Audit entries of one partition. */
export const SLICE = 10_000;

type Kept = Pick<StoredMessage, "shown" | "hidden">;
type Packed = Partial<ShownMessage> & Pick<ShownMessage, "author" | "body" | "version"> & { readonly hidden?: readonly string[] };
const NONE: readonly string[] = [];
const NO_REACTIONS: ShownMessage["reactions"] = {};

/**
 * What is kept of a message, under its word; undefined says that it stands elsewhere. A message that nobody has answered, edited or reacted to is its
 * author and its text, a line each, and needs no parsing: most messages of most pages are such. Any other is JSON, without what most have alike.
 */
export function messageState(word: Word, kept: Kept | undefined): string {
  if (kept === undefined) return stateText(word, undefined);
  const value = packed(kept);
  const { author, body, version } = value;
  const plain = Object.keys(value).length === 3 && version === word.newest && body !== null && !/^\{|\n/.test(author);
  return plain ? `${wordText(word)}\n${author}\n${body}` : stateText(word, value);
}

/** Undefined where the message stands elsewhere. */
export function readMessage(channel: Identity, place: string, state: string): StoredMessage | undefined {
  const cut = place.indexOf("|");
  const at = { channel, message: place.slice(cut + 1), born: place.slice(0, cut) };
  const end = state.indexOf("\n") + 1;
  if (end === state.length) return undefined;
  if (state.startsWith("{", end)) return { ...at, ...unpacked(JSON.parse(state.slice(end)) as Packed) };
  const line = state.indexOf("\n", end);
  const version = state.slice(0, state.indexOf(" "));
  const [author, body] = [state.slice(end, line), state.slice(line + 1)];
  const { message, born } = at;
  const shown = {
    author,
    body,
    thread: null,
    editedAt: null,
    deleted: false,
    version,
    heads: [version],
    reactions: NO_REACTIONS,
    conflict: null,
  };
  return { channel, message, born, shown, hidden: NONE };
}

function packed({ shown, hidden }: Kept): Packed {
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
function unpacked({ author, body, version, metadata, hidden = NONE, ...more }: Packed): Kept {
  const { thread = null, editedAt = null, deleted = false, heads = [version], reactions = NO_REACTIONS, conflict = null } = more;
  const plain = { author, body, thread, editedAt, deleted, version, heads, reactions, conflict };
  return { shown: metadata === undefined ? plain : { ...plain, metadata }, hidden };
}

export function storedConflict(channel: Identity, id: string, state: string): readonly StoredConflict[] {
  const { value } = readState(state);
  if (value === undefined) return [];
  const { register, record } = value as { readonly register: string; readonly record: ConflictRecord };
  return [{ channel, id, register, record }];
}
