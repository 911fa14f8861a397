/** Rows as the port's own facts. */
import type { Identity } from "../../core/ids.ts";
import type { ShownMessage, StoredConflict, StoredMessage } from "../../core/ports/history-store.ts";
import type { ConflictRecord } from "../../core/register.ts";
import { readState } from "./words.ts";

/** Audit entries of one partition. */
export const SLICE = 10_000;

/** What a message has that nobody has answered, edited or reacted to. */
const PLAIN = { thread: null, editedAt: null, deleted: false, reactions: {}, conflict: null } as const;
const NONE: readonly string[] = [];
type Packed = Partial<ShownMessage> & Pick<ShownMessage, "author" | "body" | "version"> & { readonly hidden?: readonly string[] };

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

export function storedMessage(channel: Identity, place: string, value: unknown): StoredMessage {
  const cut = place.indexOf("|");
  const { hidden = NONE, ...own } = value as Packed;
  return { channel, message: place.slice(cut + 1), born: place.slice(0, cut), shown: { ...PLAIN, heads: [own.version], ...own }, hidden };
}

export function storedConflict(channel: Identity, id: string, state: string): readonly StoredConflict[] {
  const { value } = readState(state);
  if (value === undefined) return [];
  const { register, record } = value as { readonly register: string; readonly record: ConflictRecord };
  return [{ channel, id, register, record }];
}
