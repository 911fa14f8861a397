/** What the server sends over the socket (contract §4). */
import { z } from "zod";
import type * as objects from "../../core/objects.ts";
import type { FrameError } from "../problem.ts";
import type { FrameId } from "./frames-in.ts";
import * as shapes from "./objects.ts";
import { cursor, time } from "./text.ts";

export type ServerFrame =
  | {
      readonly type: "welcome";
      readonly connection: string;
      readonly region: string;
      readonly user: string;
      readonly protocol: 1;
      readonly cursor: string;
      readonly sync: objects.Sync;
      readonly regions: readonly objects.RankedRegion[];
      readonly limits: { readonly [name: string]: number };
    }
  | { readonly type: "reply"; readonly id: FrameId; readonly ok: true; readonly result: unknown }
  | { readonly type: "reply"; readonly id: FrameId; readonly ok: false; readonly error: FrameError }
  | ({ readonly type: "error"; readonly id?: FrameId; readonly channel?: string } & FrameError)
  | { readonly type: "caught-up"; readonly channel: string; readonly cursor: string }
  | { readonly type: "presence"; readonly items: readonly objects.Presence[] }
  | { readonly type: "typing"; readonly channel: string; readonly user: string; readonly until: string }
  | { readonly type: "pong"; readonly at: string }
  | { readonly type: "sync"; readonly sync: objects.Sync }
  | ({ readonly type: "watermark" } & objects.Watermark)
  | { readonly type: "conflict" | "superseded"; readonly conflict: objects.Conflict }
  | { readonly type: "gap"; readonly gaps: readonly objects.Gap[] }
  | {
      readonly type: "goodbye";
      readonly code: number;
      readonly reason: string;
      readonly reconnect: boolean;
      readonly afterMs: number;
      readonly regions: readonly objects.RankedRegion[];
    };

const id = z.union([z.string(), z.number()]);
const error = {
  code: z.string(),
  message: z.string(),
  retryable: z.boolean(),
  hint: z.string().exactOptional(),
  retryAfterMs: z.number().exactOptional(),
};
const frame = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) => z.object({ type: z.literal(type), ...shape });

/** Name -> schema, for the description. */
export const SERVER_FRAMES = {
  welcome: frame("welcome", {
    connection: z.string(),
    region: z.string(),
    user: z.string(),
    protocol: z.literal(1),
    cursor: cursor.describe("hello's own, else now"),
    sync: shapes.Sync,
    regions: z.array(shapes.RankedRegion),
    limits: z.record(z.string(), z.number()),
  }),
  reply: z.union([
    frame("reply", { id, ok: z.literal(true), result: z.unknown() }),
    frame("reply", { id, ok: z.literal(false), error: z.object(error) }),
  ]),
  error: frame("error", { id: id.exactOptional(), channel: z.string().exactOptional(), ...error }),
  event: frame("event", { event: shapes.Event, cursor: cursor.describe("after this event; resume anywhere with the last one seen") }),
  events: frame("events", { items: z.array(shapes.Event), cursor }),
  "caught-up": frame("caught-up", { channel: z.string(), cursor }),
  presence: frame("presence", { items: z.array(shapes.Presence) }),
  typing: frame("typing", { channel: z.string(), user: z.string(), until: time }),
  pong: frame("pong", { at: time }),
  sync: frame("sync", { sync: shapes.Sync }),
  watermark: frame("watermark", shapes.Watermark.shape),
  conflict: frame("conflict", { conflict: shapes.Conflict }).describe("to members of the channel"),
  superseded: frame("superseded", { conflict: shapes.Conflict }).describe("to the author who lost, until seen"),
  gap: frame("gap", { gaps: z.array(shapes.Gap) }),
  goodbye: frame("goodbye", {
    code: z.number(),
    reason: z.string(),
    reconnect: z.boolean(),
    afterMs: z.number(),
    regions: z.array(shapes.RankedRegion),
  }),
} as const;
