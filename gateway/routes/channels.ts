/** Channels and their members. */
import { z } from "zod";
import type { Command } from "../../core/command.ts";
import * as bodies from "../protocol/bodies.ts";
import { memberOf } from "../protocol/commands.ts";
import { Channel, ListedChannel, Member, SetMember } from "../protocol/objects.ts";
import { limit } from "../protocol/text.ts";
import type { Route } from "./route.ts";
import { page, read, write } from "./route.ts";

const group = "channels";
export const paging = z.object({ limit, cursor: z.string().exactOptional() });

export const channelRoutes: readonly Route[] = [
  write({
    group,
    method: "post",
    path: "/v1/channels",
    summary: "Create a channel; the creator is its owner",
    body: bodies.ChannelCreate,
    status: 201,
    answer: Channel,
    command: ({ key, body: { id: alias, members, ...rest } }): Command => ({
      id: key,
      kind: "channel.create",
      ...rest,
      ...(alias === undefined ? {} : { alias }),
      ...(members === undefined ? {} : { members: members.map(memberOf) }),
    }),
  }),
  read({
    group,
    path: "/v1/channels",
    summary: "My channels, each with unread, mentions and the last message",
    query: paging,
    answer: page(ListedChannel),
    run: ({ context, actor, query }) => context.parts.reader.channels(actor, query),
  }),
  read({
    group,
    path: "/v1/channels/{channel}",
    summary: "One channel, by id or alias",
    answer: Channel,
    run: ({ context, actor, params }) => context.parts.reader.channel(actor, params.channel),
  }),
  write({
    group,
    method: "patch",
    path: "/v1/channels/{channel}",
    summary: "Change name, topic or policies",
    body: bodies.ChannelChange,
    answer: Channel,
    command: ({ key, params, body }) => ({ id: key, kind: "channel.change", channel: params.channel, ...body }),
  }),
  write({
    group,
    method: "put",
    path: "/v1/channels/{channel}/members/{user}",
    summary: "Make somebody a member, or give them another role",
    body: bodies.MemberSet,
    bodyOptional: true,
    answer: SetMember,
    command: ({ key, params, body }) => ({ id: key, kind: "member.set", ...params, ...body }),
  }),
  write({
    group,
    method: "delete",
    path: "/v1/channels/{channel}/members/{user}",
    summary: "Remove a member, or leave",
    answer: z.unknown(),
    command: ({ key, params }) => ({ id: key, kind: "member.remove", ...params }),
  }),
  read({
    group,
    path: "/v1/channels/{channel}/members",
    summary: "Who is a member",
    query: paging,
    answer: page(Member),
    run: ({ context, actor, params, query }) => context.parts.reader.members(actor, params.channel, query),
  }),
];
