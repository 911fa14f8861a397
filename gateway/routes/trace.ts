/** A user misses a message: what became of it, from its acceptance to this user's own connections (register M4). */
import { z } from "zod";
import type { Position } from "../../core/position.ts";
import { covers, formatPosition } from "../../core/position.ts";
import type { Context } from "../context.ts";
import { placeOf } from "../cursor.ts";
import { time } from "../protocol/text.ts";
import type { Recipient } from "../recipient.ts";
import type { Route } from "./route.ts";
import { read } from "./route.ts";

const DELIVERY = [
  /** It has been given to the connection. */
  "delivered",
  /** It stands in the connection's queue: the client has not read as far. */
  "queued",
  /** The channel is caught up, and has not come to it. */
  "catching-up",
  /** It was not given, because the cursor that the connection began with says the client has it. */
  "before",
  /** The connection does not follow the channel. */
  "not-subscribed",
  /** This region is about to give it. */
  "not-yet",
] as const;
type Delivery = (typeof DELIVERY)[number];

const Trace = z
  .object({
    message: z.string(),
    channel: z.string(),
    author: z.string(),
    accepted: z.object({ region: z.string(), at: time, position: z.string() }),
    applied: z.array(z.object({ region: z.string(), state: z.enum(["applied", "not-yet", "unknown"]), asOf: time.nullable() })),
    connections: z
      .array(z.object({ connection: z.string(), state: z.enum(DELIVERY), cursor: z.string(), waitingBytes: z.number() }))
      .describe("the caller's own connections to this gateway"),
    mended: z.number().describe("entries of the routing table about the caller that were wrong, and are right now"),
  })
  .meta({ id: "Trace" });

export const traceRoutes: readonly Route[] = [
  read({
    group: "messages",
    path: "/v1/channels/{channel}/messages/{message}/trace",
    summary: "What became of a message: where it was accepted, which regions have applied it, which of my connections were given it",
    answer: Trace,
    run: ({ context, actor, params }) => {
      const { message, channel, identity, author, at, position, holders } = context.parts.tracer.trace(
        actor,
        params.channel,
        params.message,
      );
      const mended = mend(context, actor.user);
      return {
        message,
        channel,
        author,
        accepted: { region: position.origin, at, position: formatPosition(position) },
        applied: holders,
        connections: [...context.routing.ofUser(actor.user)].map((connection) => ({
          connection: connection.id,
          state: deliveryOf(context, connection, identity, position),
          cursor: connection.standing.cursor(context.fanOut.told),
          waitingBytes: connection.outbox.waitingBytes(),
        })),
        mended,
      };
    },
  }),
];

function deliveryOf({ fanOut }: Context, { standing, outbox }: Recipient, channel: string, position: Position): Delivery {
  const stream = standing.stream(channel);
  if (stream === undefined) return "not-subscribed";
  if (covers(placeOf(standing.began, channel), position.origin, position)) return "before";
  if (stream.state === "catching") return covers(stream.at, position.origin, position) ? "delivered" : "catching-up";
  if (!covers(fanOut.told, position.origin, position)) return "not-yet";
  return outbox.waitingBytes() > 0 ? "queued" : "delivered";
}

/** Whoever misses something may have found a hole in the table: it is looked at now, and not when its turn comes. */
function mend({ members, routing, parts }: Context, user: string): number {
  let mended = members?.check(user) ?? 0;
  for (const connection of routing.ofUser(user)) mended += routing.mend(connection, parts.reader);
  return mended;
}
