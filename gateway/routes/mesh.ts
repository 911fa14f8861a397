/** The mesh as a client sees it: what was missed, who is there, how far the data is. */
import { z } from "zod";
import type { Actor } from "../../core/command.ts";
import { Refusal } from "../../core/errors.ts";
import { changesSince } from "../changes.ts";
import type { Context } from "../context.ts";
import { decodeCursor } from "../cursor.ts";
import * as bodies from "../protocol/bodies.ts";
import { Event, Gap, Presence, RegionSync, Watermark } from "../protocol/objects.ts";
import { anyId, cursor, limit, list, plainId } from "../protocol/text.ts";
import type { Route } from "./route.ts";
import { items, read, write } from "./route.ts";

export const meshRoutes: readonly Route[] = [
  read({
    group: "changes",
    path: "/v1/changes",
    summary: "Everything missed since the cursor in the caller's channels; without cursor: now",
    query: z.object({ limit, cursor: cursor.exactOptional(), channels: list(anyId).exactOptional() }),
    answer: z.object({ items: z.array(Event), cursor, complete: z.boolean(), gaps: z.array(Gap) }),
    run: ({ context, actor, query }) => {
      const { reader, mesh } = context.parts;
      return changesSince(reader, {
        user: actor.user,
        channels: query.channels?.map((channel) => followable(context, actor, channel)) ?? reader.channelsOf(actor.user),
        own: query.channels === undefined,
        cursor: query.cursor === undefined ? undefined : decodeCursor(query.cursor, mesh),
        limit: query.limit,
        mesh,
      });
    },
  }),
  read({
    group: "presence",
    path: "/v1/presence",
    summary: "Who is there; who is absent from the list is offline",
    query: z.object({ channel: anyId.exactOptional(), users: list(plainId).exactOptional() }),
    answer: items(Presence),
    run: ({ context, actor, query }) => ({ items: context.parts.presence.who(usersAsked(context, actor, query)) }),
  }),
  read({
    group: "sync",
    path: "/v1/sync",
    ofMesh: true,
    summary: "How far this region is in sync with each peer",
    answer: RegionSync,
    run: ({ context: { parts, routing } }) => ({
      ...parts.sync.sync(),
      clockSkewMs: parts.sync.clockSkewMs(),
      connections: routing.connections().length,
      quarantined: parts.quarantined?.() ?? 0,
      degraded: parts.degraded?.() ?? [],
    }),
  }),
  read({
    group: "sync",
    path: "/v1/channels/{channel}/sync",
    summary: "The channel's watermark: how far it is complete, per region",
    answer: Watermark,
    run: ({ context: { parts }, actor, params }) => {
      const identity = parts.reader.memberChannel(actor, params.channel);
      return { ...parts.sync.watermark(identity), channel: parts.reader.shownChannel(identity) };
    },
  }),
  write({
    group: "users",
    method: "patch",
    path: "/v1/users/me",
    summary: "Change my profile",
    body: bodies.ProfileChange,
    answer: z.unknown(),
    command: ({ key, body }) => ({ id: key, kind: "profile.change", ...body }),
  }),
];

/** Events are for members: an auditor who is none reads the audit log instead. */
function followable({ parts: { reader } }: Context, actor: Actor, channel: string): string {
  const identity = reader.memberChannel(actor, channel);
  if (!reader.isMember(actor.user, identity)) throw new Refusal("not-found", "There is no such channel.");
  return identity;
}

interface PresenceAsk {
  readonly channel?: string;
  readonly users?: readonly string[];
}

/** Only of people with whom the asker shares a channel. */
function usersAsked({ parts: { reader } }: Context, actor: Actor, { channel, users }: PresenceAsk): readonly string[] {
  if (channel !== undefined) return reader.usersOf(reader.memberChannel(actor, channel));
  if (users === undefined) throw new Refusal("invalid", "Either channel or users is needed.");
  const mine = reader.channelsOf(actor.user);
  return users.filter((user) => user === actor.user || mine.some((one) => reader.isMember(user, one)));
}
