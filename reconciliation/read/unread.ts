/**
 * What of a channel its reader has not read: messages of others beyond the marker's cursor, so that what a heal brings in late counts
 * too (H15). Deleted ones still count: looking each up would cost a read a message.
 */
import type { Json } from "../../core/event.ts";
import type { TableReader } from "../../core/ports/state-store.ts";
import type { Vector } from "../../core/position.ts";
import { parseVector } from "../../core/position.ts";
import { registerKey } from "../../core/register.ts";
import { missedRows } from "./missed.ts";

export interface Unread {
  readonly unread: number;
  readonly mentions: number;
}
/** Beyond this nobody counts: "1000" means that many or more. */
export const UNREAD_MAX = 1_000;
/** Events looked at for one channel, of any kind, so that a list of channels has a bounded cost. */
const LOOKED_AT = 4_000;

export function unreadIn(tables: TableReader, channel: string, user: string, applied: Vector): Unread {
  const { items } = missedRows(tables, { streams: [channel], from: readUpTo(tables, channel, user), to: applied, limit: LOOKED_AT });
  const isNamed = naming(user);
  let unread = 0;
  let mentions = 0;
  for (const { event } of items) {
    if (event.kind !== "message.sent" || event.actor === user) continue;
    unread += 1;
    if (isNamed(event.data.body)) mentions += 1;
    if (unread === UNREAD_MAX) break;
  }
  return { unread, mentions };
}

/** What the region of the last marker had applied then; nothing where nothing was marked. */
function readUpTo(tables: TableReader, channel: string, user: string): Vector {
  const value = tables.get("registers", registerKey.read(channel, user))?.resolution.value;
  return (isObject(value) && isObject(value["upTo"]) && parseVector(textsOf(value["upTo"]))) || {};
}

const isObject = (value: Json | undefined): value is { readonly [field: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const textsOf = (fields: { readonly [field: string]: Json }): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([origin, point]) => [origin, String(point)]));

/** "@user" as a word of its own. Only what has a meaning in an expression is escaped: with the flag u any other escape is an error. */
function naming(user: string): (body: string) => boolean {
  const mention = new RegExp(`(?<![A-Za-z0-9_@-])@${user.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")}(?![A-Za-z0-9_-])`, "u");
  return (body) => mention.test(body);
}
