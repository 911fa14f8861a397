/** A channel's messages, newest first by birth: one reverse range of the timeline, and for each message its registers. */
import { birthOf, threadOf } from "../../core/commands/message-standing.ts";
import { Refusal } from "../../core/errors.ts";
import { identityIn, shownId } from "../../core/ids.ts";
import type { Message } from "../../core/objects.ts";
import type { Page } from "../../core/ports/reader.ts";
import type { TableReader } from "../../core/ports/state-store.ts";
import { registerKey } from "../../core/register.ts";
import { formatStamp } from "../../core/stamp.ts";
import { messageView } from "./message-view.ts";
import { justAfter } from "./pages.ts";
import { reactionsOf } from "./reactions.ts";

export interface HistoryAsk {
  readonly limit: number;
  /** Both exclusive: a message id, or an RFC 3339 time. */
  readonly before?: string;
  readonly after?: string;
  readonly thread?: string;
}
export interface HistoryOf {
  readonly channel: string;
  readonly shownChannel: string;
}

/** Messages looked at for one page of a thread, so that a page costs no more than this in a channel of any length. */
export const LOOKED_AT = 5_000;

/** Places of the timeline, both exclusive. */
export interface Bounds {
  readonly before: string;
  readonly after: string;
}
/** What `before` and `after` stand for, without the channel before them. */
export function boundsOf(tables: TableReader, channel: string, { before, after, thread }: HistoryAsk): Bounds {
  if (thread !== undefined) rootOf(thread);
  const within = (key: string): string => key.slice(channel.length + 1);
  return {
    before: before === undefined ? "\u{7f}" : within(edge(tables, channel, before, "before")),
    after: after === undefined ? "" : within(edge(tables, channel, after, "after")),
  };
}

export function messageOf(tables: TableReader, { channel, shownChannel }: HistoryOf, identity: string): Message | undefined {
  const register = tables.get("registers", registerKey.body(channel, identity));
  return register === undefined
    ? undefined
    : messageView({ channel: shownChannel, identity, register, reactions: reactionsOf(tables, channel, identity) });
}

export function historyPage(tables: TableReader, of: HistoryOf, { limit, before, after, thread }: HistoryAsk): Page<Message> {
  const { channel } = of;
  const range = {
    to: before === undefined ? `${channel}|\u{7f}` : edge(tables, channel, before, "before"),
    from: after === undefined ? `${channel}|` : justAfter(edge(tables, channel, after, "after")),
    reverse: true,
  };
  const wanted = thread === undefined ? () => true : inThread(tables, channel, thread);
  const items: Message[] = [];
  let looked = 0;
  let last = "";
  for (const [key, identity] of tables.range("timeline", range)) {
    if (items.length === limit || looked === LOOKED_AT) return { items, next: shownAt(last) };
    looked += 1;
    last = key;
    const message = wanted(identity) ? messageOf(tables, of, identity) : undefined;
    if (message !== undefined) items.push(message);
  }
  return { items, next: null };
}

/** The shown id of the message at a timeline key. */
function shownAt(key: string): string {
  const [, born = "", identity = ""] = key.split("|");
  return shownId("message", identity, born);
}

/** The timeline key that a message or a time stands for. Times: whatever was born in that millisecond is neither before nor after it. */
function edge(tables: TableReader, channel: string, text: string, side: "before" | "after"): string {
  const identity = identityIn("message", text);
  if (identity !== undefined) {
    const born = birthOf(tables.get("registers", registerKey.body(channel, identity)))?.stamp;
    if (born === undefined)
      throw new Refusal("not-found", `There is no message ${text.slice(0, 80)} in this channel here.`, {
        hint: `Give a time as \`${side}\` instead.`,
      });
    return `${channel}|${born}|${identity}`;
  }
  const timeMs = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(timeMs)) throw new Refusal("invalid", `\`${side}\` is neither a message id nor an RFC 3339 time.`);
  const first = formatStamp(Math.max(0, timeMs) + (side === "after" ? 1 : 0), 0, "");
  return `${channel}|${first}`;
}

function inThread(tables: TableReader, channel: string, thread: string): (identity: string) => boolean {
  const root = rootOf(thread);
  return (identity) => {
    const birth = birthOf(tables.get("registers", registerKey.body(channel, identity)));
    const named = birth === undefined ? null : threadOf(birth);
    return named !== null && identityIn("message", named) === root;
  };
}

function rootOf(thread: string): string {
  const root = identityIn("message", thread);
  if (root === undefined) throw new Refusal("invalid", "`thread` is no message id.");
  return root;
}
