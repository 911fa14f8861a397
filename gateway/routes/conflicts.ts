/** The conflict log: reading it, taking a lost text back, saying that one has seen it, and trying out policies. */
import { z } from "zod";
import { preview } from "../preview.ts";
import * as bodies from "../protocol/bodies.ts";
import { Conflict, Message } from "../protocol/objects.ts";
import { anyId, list, plainId, time } from "../protocol/text.ts";
import { paging } from "./channels.ts";
import type { Route } from "./route.ts";
import { page, read, write } from "./route.ts";

const group = "conflicts";
const SEVERAL = "several by comma";
const filter = paging.extend({
  channel: list(anyId).exactOptional().describe(SEVERAL),
  author: list(plainId).exactOptional().describe(SEVERAL),
  message: list(anyId).exactOptional().describe(SEVERAL),
  state: list(z.enum(["open", "seen", "restored"]))
    .exactOptional()
    .describe("open, seen, restored; several by comma"),
  since: time.exactOptional(),
});

export const conflictRoutes: readonly Route[] = [
  read({
    group,
    path: "/v1/conflicts",
    summary: "Conflicts: auditors see all, members those of their channels, others none",
    query: filter,
    answer: page(Conflict),
    run: ({ context, actor, query: { limit, cursor, channel, author, message, state, since } }) =>
      context.parts.reader.conflicts(
        actor,
        {
          ...(channel === undefined ? {} : { channels: channel }),
          ...(author === undefined ? {} : { authors: author }),
          ...(message === undefined ? {} : { messages: message }),
          ...(state === undefined ? {} : { states: state }),
          ...(since === undefined ? {} : { since }),
        },
        { limit, ...(cursor === undefined ? {} : { cursor }) },
      ),
  }),
  read({
    group,
    path: "/v1/conflicts/{conflict}",
    summary: "One conflict",
    answer: Conflict,
    run: ({ context, actor, params }) => context.parts.reader.conflict(actor, params.conflict),
  }),
  write({
    group,
    method: "post",
    path: "/v1/conflicts/{conflict}/restore",
    summary: "The losing text comes back as a new edit that names the conflict; audited",
    body: bodies.ConflictRestore,
    answer: Message,
    command: ({ key, params, body }) => ({ id: key, kind: "conflict.restore", conflict: params.conflict, version: body.version }),
  }),
  write({
    group,
    method: "post",
    path: "/v1/conflicts/{conflict}/seen",
    summary: "The person concerned has seen the marker",
    body: bodies.Nothing,
    bodyOptional: true,
    answer: z.unknown(),
    command: ({ key, params }) => ({ id: key, kind: "conflict.see", conflict: params.conflict }),
  }),
  read({
    group,
    method: "post",
    path: "/v1/conflicts/preview",
    summary: "The outcome under each policy; changes nothing",
    body: bodies.ConflictPreview,
    answer: z.object({
      base: z.string().nullable(),
      outcomes: z.object({ lww: z.unknown(), merge: z.unknown(), "keep-both": z.unknown() }),
    }),
    run: ({ context, body }) => preview(body, context.parts.texts),
  }),
];
