/** Where a channel's bots listen: for its owners and moderators. */
import { z } from "zod";
import type { WebhookDesk } from "../../core/ports/webhooks.ts";
import type { Context } from "../context.ts";
import * as bodies from "../protocol/bodies.ts";
import { Attempt, Trial, Webhook } from "../protocol/objects.ts";
import { time } from "../protocol/text.ts";
import type { Route } from "./route.ts";
import { items, read, write } from "./route.ts";

const group = "webhooks";
const all = "/v1/channels/{channel}/webhooks";
const one = `${all}/{webhook}` as const;

const desk = ({ parts }: Context): WebhookDesk => parts.webhooks;

export const webhookRoutes: readonly Route[] = [
  write({
    group,
    method: "post",
    path: all,
    summary: "Make a webhook; the answer holds its secret",
    body: bodies.WebhookCreate,
    status: 201,
    answer: Webhook,
    command: ({ key, params, body }) => ({ id: key, kind: "webhook.set", ...params, ...body }),
  }),
  read({
    group,
    path: all,
    summary: "The channel's webhooks, without their secrets",
    answer: items(Webhook),
    run: ({ context, actor, params }) => ({ items: desk(context).list(actor, params.channel) }),
  }),
  read({
    group,
    path: one,
    summary: "One webhook; for owners with its secret",
    answer: Webhook,
    run: ({ context, actor, params }) => desk(context).one(actor, params.channel, params.webhook),
  }),
  write({
    group,
    method: "patch",
    path: one,
    summary: "Change a webhook; any change resumes one that was halted",
    body: bodies.WebhookChange,
    answer: Webhook,
    command: ({ key, params, body }) => ({ id: key, kind: "webhook.set", ...params, ...body }),
  }),
  write({
    group,
    method: "delete",
    path: one,
    summary: "Remove a webhook; what waits for it is dropped",
    answer: z.unknown(),
    command: ({ key, params }) => ({ id: key, kind: "webhook.remove", ...params }),
  }),
  write({
    group,
    method: "post",
    path: `${one}/rotate`,
    summary: "Another secret, in the answer; for a day the one before signs too",
    body: bodies.Nothing,
    bodyOptional: true,
    answer: Webhook,
    command: ({ key, params }) => ({ id: key, kind: "webhook.set", ...params, rotate: true }),
  }),
  read({
    group,
    method: "post",
    isKeyed: true,
    path: `${one}/test`,
    summary: "One signed test delivery from this region, now: what the receiver answered, and what mends it",
    body: bodies.Nothing,
    bodyOptional: true,
    answer: Trial,
    run: async ({ context, actor, params, key }) => {
      await context.rates.command(actor.user); // it leaves the region, as a command's effects do
      return desk(context).test(actor, params.channel, params.webhook, key);
    },
  }),
  read({
    group,
    path: `${one}/deliveries`,
    summary: "This region's last tries, newest first, and how many events wait here",
    answer: z.object({ items: z.array(Attempt), waiting: z.number(), pausedUntil: time.nullable() }),
    run: ({ context, actor, params }) => desk(context).deliveries(actor, params.channel, params.webhook),
  }),
];
