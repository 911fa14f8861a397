/**
 * What of a channel its reader has not read: messages of others that stand behind the marked one, and those beyond the marker's cursor, so that
 * what a heal brings in late, before it, counts too (H15). Deleted ones still count.
 */
import { birthOf } from "../../core/commands/message-standing.ts";
import type { Json } from "../../core/event.ts";
import type { TableReader } from "../../core/ports/state-store.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import type { Vector } from "../../core/position.ts";
import { covers, parseVector } from "../../core/position.ts";
import { registerKey } from "../../core/register.ts";
import { textOf } from "../../core/text-merge.ts";
import { missedRows } from "./missed.ts";
import { justAfter } from "./pages.ts";

export interface Unread {
  readonly unread: number;
  readonly mentions: number;
}
/** Beyond this nobody counts: "1000" means that many or more. */
const UNREAD_MAX = 1_000;
/** Events looked at for one channel, of any kind, so that a list of channels has a bounded cost. */
const LOOKED_AT = 4_000;

export function unreadIn(tables: TableReader, channel: string, user: string, applied: Vector): Unread {
  const marker = markerOf(tables, channel, user);
  const isNamed = naming(user);
  let unread = 0;
  let mentions = 0;
  for (const { author, text } of sendsAfter(tables, channel, marker, applied)) {
    if (author === user) continue;
    unread += 1;
    if (isNamed(text)) mentions += 1;
    if (unread === UNREAD_MAX) break;
  }
  return { unread, mentions };
}

interface Marker {
  /** Stamp of the marked message; nothing was marked: undefined. */
  readonly born: string | undefined;
  /** What the region of the marker had applied then. */
  readonly upTo: Vector;
}
interface Send {
  readonly author: string;
  readonly text: string;
}

function* sendsAfter(tables: TableReader, channel: string, { born, upTo }: Marker, applied: Vector): Generator<Send> {
  const { items } = missedRows(tables, { streams: [channel], from: upTo, to: applied, limit: LOOKED_AT });
  for (const { event } of items) if (event.kind === "message.sent") yield { author: event.actor, text: event.data.body };
  if (born === undefined) return;
  const behind = { from: justAfter(`${channel}|${born}|\u{7f}`), to: keysUnder(`${channel}|`).to, limit: LOOKED_AT };
  for (const [, identity] of tables.range("timeline", behind)) {
    const birth = birthOf(tables.get("registers", registerKey.body(channel, identity)));
    if (birth !== undefined && covers(upTo, birth.position.origin, birth.position))
      yield { author: birth.author, text: textOf(birth.value) };
  }
}

function markerOf(tables: TableReader, channel: string, user: string): Marker {
  const value = tables.get("registers", registerKey.read(channel, user))?.resolution.value;
  if (!isObject(value) || !isObject(value["upTo"])) return { born: undefined, upTo: {} };
  const { born } = value;
  return { born: typeof born === "string" ? born : undefined, upTo: parseVector(textsOf(value["upTo"])) ?? {} };
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
