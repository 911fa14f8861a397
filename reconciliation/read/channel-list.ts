/** The channels a person is in, each with what waits there unread and its last message. */
import type { Channel, ListedChannel, Message } from "../../core/objects.ts";
import type { Page, PageAsk } from "../../core/ports/reader.ts";
import type { TableReader } from "../../core/ports/state-store.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import type { Vector } from "../../core/position.ts";
import { channelView } from "./channel-view.ts";
import { historyPage } from "./history.ts";
import { justAfter, pageOf, startAfter } from "./pages.ts";
import { unreadIn } from "./unread.ts";

export function* channelsOf(tables: TableReader, user: string, after = ""): Generator<string> {
  const { from, to } = keysUnder(`${user}|`);
  for (const [key] of tables.range("memberships", { from: after === "" ? from : justAfter(`${user}|${after}`), to }))
    yield key.slice(user.length + 1);
}

/** A channel whose creation is not here yet is not listed. */
export function channelPage(tables: TableReader, user: string, ask: PageAsk, applied: Vector): Page<ListedChannel> {
  function* rows(): Generator<readonly [string, readonly [string, Channel] | undefined]> {
    for (const identity of channelsOf(tables, user, startAfter(ask))) {
      const channel = channelView(tables, identity);
      yield [identity, channel === undefined ? undefined : [identity, channel]];
    }
  }
  const { items, next } = pageOf(rows(), ask.limit);
  const listed = items.map(([identity, channel]) => ({
    ...channel,
    ...unreadIn(tables, identity, user, applied),
    lastMessage: lastMessage(tables, identity, channel.id),
  }));
  return { items: listed, next };
}

const lastMessage = (tables: TableReader, channel: string, shownChannel: string): Message | null =>
  historyPage(tables, { channel, shownChannel }, { limit: 1 }).items[0] ?? null;
