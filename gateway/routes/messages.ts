/** Messages, their versions, reactions, and the read marker. */
import { z } from "zod";
import { encodeCursor, plainCursor } from "../cursor.ts";
import * as bodies from "../protocol/bodies.ts";
import { Message, Version, Watermark } from "../protocol/objects.ts";
import { anyId, cursor, limit, time } from "../protocol/text.ts";
import { paging } from "./channels.ts";
import type { Route } from "./route.ts";
import { page, read, write } from "./route.ts";

const group = "messages";
const ONE = "/v1/channels/{channel}/messages/{message}";
/** A message's id or a time. */
const idOrTime = z.union([anyId, time]);

export const messageRoutes: readonly Route[] = [
  write({
    group,
    method: "post",
    path: "/v1/channels/{channel}/messages",
    summary: "Send a message; when answered it is durable in this region",
    body: bodies.MessageSend,
    status: 201,
    answer: Message,
    command: ({ key, params, body }) => ({ id: key, kind: "message.send", channel: params.channel, ...body }),
  }),
  read({
    group,
    path: "/v1/channels/{channel}/messages",
    summary: "The channel's history, newest first; subscribe with its cursor and nothing lies between",
    query: z.object({ limit, before: idOrTime.exactOptional(), after: idOrTime.exactOptional(), thread: anyId.exactOptional() }),
    answer: page(Message).extend({ sync: Watermark, cursor }),
    run: async ({ context: { parts }, actor, params, query }) => {
      const identity = parts.reader.memberChannel(actor, params.channel);
      // Before the page is read: what it says of completeness holds for the page too.
      const watermark = parts.sync.watermark(identity);
      const { items, next, applied } = await parts.history.messages(actor, params.channel, query);
      return {
        items,
        next,
        sync: { ...watermark, channel: parts.reader.shownChannel(identity) },
        cursor: encodeCursor(plainCursor(applied), parts.mesh),
      };
    },
  }),
  read({
    group,
    path: ONE,
    summary: "One message",
    answer: Message,
    run: ({ context, actor, params }) => context.parts.reader.message(actor, params.channel, params.message),
  }),
  write({
    group,
    method: "patch",
    path: ONE,
    summary: "Edit a message; `replaces` = the versions the author saw",
    body: bodies.MessageEdit,
    answer: Message,
    command: ({ key, params, body }) => ({ id: key, kind: "message.edit", ...params, ...body }),
  }),
  write({
    group,
    method: "delete",
    path: ONE,
    summary: "Delete a message",
    answer: Message,
    command: ({ key, params }) => ({ id: key, kind: "message.delete", ...params }),
  }),
  read({
    group,
    path: `${ONE}/versions`,
    summary: "Every version ever accepted, winners and losers",
    query: paging,
    answer: page(Version),
    run: ({ context, actor, params, query }) => context.parts.history.versions(actor, params.channel, params.message, query),
  }),
  write({
    group,
    method: "put",
    path: `${ONE}/reactions/{emoji}`,
    summary: "React to a message",
    body: bodies.Nothing,
    bodyOptional: true,
    answer: z.unknown(),
    command: ({ key, params }) => ({ id: key, kind: "reaction.set", ...params }),
  }),
  write({
    group,
    method: "delete",
    path: `${ONE}/reactions/{emoji}`,
    summary: "Take a reaction back",
    answer: z.unknown(),
    command: ({ key, params }) => ({ id: key, kind: "reaction.clear", ...params }),
  }),
  write({
    group,
    method: "put",
    path: "/v1/channels/{channel}/read",
    summary: "Everything up to this message is read",
    body: bodies.ReadMark,
    answer: z.unknown(),
    command: ({ key, params, body }) => ({ id: key, kind: "read.mark", channel: params.channel, message: body.message }),
  }),
];
