/** Channels, their people and their messages, for members. */
import type { Actor } from "../../core/command.ts";
import { birthOf } from "../../core/commands/message-standing.ts";
import { Refusal } from "../../core/errors.ts";
import { identityIn } from "../../core/ids.ts";
import type { Reader } from "../../core/ports/reader.ts";
import { registerKey } from "../../core/register.ts";
import { auditedChannel, memberChannel, unknownMessage, viewerOf } from "./access.ts";
import { channelPage, channelsOf } from "./channel-list.ts";
import { channelView } from "./channel-view.ts";
import type { HistoryOf } from "./history.ts";
import { historyPage, messageOf } from "./history.ts";
import { isMemberOf, memberPage, membersOf } from "./member-view.ts";
import { pageOf, startAfter } from "./pages.ts";
import type { ReaderParts } from "./reader-parts.ts";
import { shownNames } from "./shown-names.ts";
import { versionsView } from "./version-view.ts";

type Asked =
  | "memberChannel"
  | "channel"
  | "channels"
  | "members"
  | "message"
  | "messages"
  | "versions"
  | "channelsOf"
  | "isMember"
  | "usersOf"
  | "shownChannel";

export function channelReader({ tables, isDistrusted, applied }: ReaderParts): Pick<Reader, Asked> {
  const names = shownNames(tables);
  const within = (actor: Actor, channel: string): HistoryOf => {
    const identity = memberChannel(tables, actor, channel);
    return { channel: identity, shownChannel: names.channel(identity) };
  };
  return {
    memberChannel: (actor, channel) => memberChannel(tables, actor, channel),
    channel: (actor, channel) => {
      const view = channelView(tables, memberChannel(tables, actor, channel));
      if (view === undefined) throw new Refusal("not-found", `The creation of ${channel.slice(0, 80)} has not reached this region yet.`);
      return view;
    },
    channels: (actor, page) => channelPage(tables, actor.user, page, applied()),
    members: (actor, channel, page) => memberPage(tables, memberChannel(tables, actor, channel), page),
    message: (actor, channel, message) => {
      const of = within(actor, channel);
      const identity = identityIn("message", message);
      const view = identity === undefined ? undefined : messageOf(tables, of, identity);
      if (view === undefined) throw unknownMessage(message);
      return view;
    },
    messages: (actor, channel, ask) => historyPage(tables, within(actor, channel), ask),
    versions: (actor, channel, message, page) => {
      const of = auditedChannel(tables, actor, channel);
      const identity = identityIn("message", message);
      const register = identity === undefined ? undefined : tables.get("registers", registerKey.body(of, identity));
      if (register === undefined || birthOf(register) === undefined) throw unknownMessage(message);
      const after = startAfter(page);
      const versions = versionsView(register, { viewer: viewerOf(actor), isDistrusted }).filter(({ stamp }) => stamp > after);
      return pageOf(
        versions.map((version) => [version.stamp, version] as const),
        page.limit,
      );
    },
    channelsOf: (user) => [...channelsOf(tables, user)],
    isMember: (user, channel) => isMemberOf(tables, user, channel),
    usersOf: (channel) => [...membersOf(tables, channel)].map(({ user }) => user),
    shownChannel: (identity) => names.channel(identity),
  };
}
