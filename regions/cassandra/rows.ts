/** Rows as the port's own facts. */
import type { Identity } from "../../core/ids.ts";
import type { StoredConflict, StoredMessage } from "../../core/ports/history-store.ts";
import type { ConflictRecord } from "../../core/register.ts";
import { readState } from "./words.ts";

/** Audit entries of one partition. */
export const SLICE = 10_000;

export function storedMessage(channel: Identity, place: string, value: unknown): StoredMessage {
  const [born = "", message = ""] = place.split("|");
  const { shown, hidden } = value as Pick<StoredMessage, "shown" | "hidden">;
  return { channel, message, born, shown, hidden };
}

export function storedConflict(channel: Identity, id: string, state: string): readonly StoredConflict[] {
  const { value } = readState(state);
  if (value === undefined) return [];
  const { register, record } = value as { readonly register: string; readonly record: ConflictRecord };
  return [{ channel, id, register, record }];
}
