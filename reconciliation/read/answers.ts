/**
 * What a command is answered: a pure function of the event it made, never of the present state, so that the same command gets the same
 * answer whenever and wherever it is repeated (H4, H5).
 */
import type {
  ChannelChanged,
  ChannelCreated,
  Event,
  MessageAbout,
  MessageDeleted,
  MessageEdited,
  MessageSent,
  WebhookSet,
} from "../../core/event.ts";
import { shownId } from "../../core/ids.ts";
import type { Channel, Message, Webhook } from "../../core/objects.ts";
import type { Accepted } from "../../core/ports/acceptor.ts";
import type { Stamp } from "../../core/stamp.ts";
import { stampIso, stampRegion } from "../../core/stamp.ts";
import type { WebhookSecret } from "../../core/webhooks.ts";

type Answer = Accepted["result"];

/** `shownChannel` gives a channel's shown id, for events that do not carry its birth. Who makes a webhook, or its secret anew, is told the secret. */
export function answerOf(event: Event, shownChannel: (identity: string) => string, secretOf: WebhookSecret): Answer {
  switch (event.kind) {
    case "channel.created":
      return { ...channelAsCreated(event) };
    case "channel.changed":
      return { ...channelAsChanged(event) };
    case "member.set":
      return { channel: shownChannel(event.channel), user: event.data.user, role: event.data.role };
    case "member.removed":
      return { channel: shownChannel(event.channel), user: event.data.user, role: null };
    case "message.sent":
      return messageAsSent(event, shownChannel(event.channel));
    case "message.edited":
    case "message.deleted":
      return messageAsChanged(event, shownChannel(event.channel));
    case "reaction.set":
    case "reaction.cleared": {
      const { message, born, emoji } = event.data;
      return { message: shownId("message", message, born), user: event.actor, emoji, set: event.kind === "reaction.set" };
    }
    case "read.marked":
      return { channel: shownChannel(event.channel), message: shownId("message", event.data.message, event.data.born) };
    case "document.updated":
      return { channel: shownChannel(event.channel), document: event.data.document };
    case "conflict.seen":
      return { conflict: event.data.conflict, seen: event.data.of };
    case "webhook.set":
      return { ...webhookAsSet(event, shownChannel(event.channel), secretOf) };
    case "webhook.removed":
      return { id: shownId("webhook", event.data.webhook, event.data.born), channel: shownChannel(event.channel), removed: true };
    case "profile.changed": {
      const { replaces: _, ...fields } = event.data;
      return { user: event.actor, ...fields };
    }
    case "webhook.halted":
    case "clock.witnessed":
    case "epoch.opened":
      return null;
  }
}

function webhookAsSet({ stamp, data }: WebhookSet, channel: string, secretOf: WebhookSecret): Webhook {
  const { webhook, url, events, enabled, generation, name, born, rotated } = data;
  const id = shownId("webhook", webhook, born ?? stamp);
  const said = { id, channel, name, url, events, enabled, halted: null, createdAt: stampIso(born ?? stamp), version: stamp };
  return born === undefined || rotated === true ? { ...said, secret: secretOf(webhook, generation) } : said;
}

type ToldMessage = Message & { readonly [field: string]: unknown };

/** Field by field: this is done for most commands, and a spread of many fields costs as much as the rest of an answer. */
function messageAsSent({ actor, stamp, data: { message, thread, body, metadata } }: MessageSent, channel: string): ToldMessage {
  const sent = {
    id: shownId("message", message, stamp),
    channel,
    author: actor,
    thread,
    createdAt: stampIso(stamp),
    origin: stampRegion(stamp),
    reactions: {},
    conflict: null,
    body,
    editedAt: null,
    deleted: false,
    version: stamp,
    heads: [stamp],
  };
  return metadata === undefined ? sent : { ...sent, metadata };
}

function messageAsChanged(event: MessageEdited | MessageDeleted, channel: string): ToldMessage {
  const { stamp, data } = event;
  const said = messageAbout(data.message, data.about, channel);
  if (event.kind === "message.deleted") return { ...said, body: null, editedAt: null, deleted: true, version: stamp, heads: [stamp] };
  return {
    ...said,
    body: event.data.body,
    ...metadataOf(event.data),
    editedAt: stampIso(stamp),
    deleted: false,
    version: stamp,
    heads: [stamp],
  };
}

type Unchanging = Pick<Message, "id" | "channel" | "author" | "thread" | "createdAt" | "origin" | "reactions" | "conflict">;
const messageAbout = (identity: string, { author, born, thread, reactions }: MessageAbout, channel: string): Unchanging => ({
  id: shownId("message", identity, born),
  channel,
  author,
  thread,
  createdAt: stampIso(born),
  origin: stampRegion(born),
  reactions: reactions ?? {},
  conflict: null,
});
const metadataOf = ({ metadata }: MessageEdited["data"]): Pick<Message, "metadata"> => (metadata === undefined ? {} : { metadata });

const channelAsCreated = ({ channel, stamp, data: { name, topic, policy, deletes } }: ChannelCreated): Channel =>
  channelAs(channel, { name, topic, policy, deletes, born: stamp }, stamp);
const channelAsChanged = ({ channel, stamp, data: { about } }: ChannelChanged): Channel => channelAs(channel, about, stamp);

function channelAs(identity: string, { name, topic, policy, deletes, born }: ChannelChanged["data"]["about"], version: Stamp): Channel {
  return { id: shownId("channel", identity, born), name, topic, policy, deletes, createdAt: stampIso(born), version };
}
