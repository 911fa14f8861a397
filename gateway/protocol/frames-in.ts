/** What a client may send over the socket (contract §4). */
import { z } from "zod";
import { anyId, cursor, stamp } from "./text.ts";

/** Characters of a frame's id. */
export const FRAME_ID_CHARS = 128;
const id = z.union([z.string().min(1).max(FRAME_ID_CHARS), z.number()]).describe("chosen by the client; comes back in the reply");

const Hello = z.object({
  type: z.literal("hello"),
  token: z.string().min(1),
  protocol: z.number(),
  cursor: cursor.nullish(),
  channels: z.array(anyId).max(1_000).exactOptional().describe("subscribed at once"),
  seen: stamp.exactOptional().describe("the greatest stamp the client knows"),
  client: z.string().max(256).exactOptional(),
});
const Subscribe = z.object({ type: z.literal("subscribe"), id, channel: anyId, cursor: cursor.nullish() });
const Unsubscribe = z.object({ type: z.literal("unsubscribe"), id, channel: anyId });
const CommandCall = z.object({ type: z.literal("command"), id, command: z.looseObject({ id: z.string(), kind: z.string() }) });
const SetPresence = z.object({ type: z.literal("presence"), status: z.enum(["online", "away"]) });
const Typing = z.object({ type: z.literal("typing"), channel: anyId });
const Ping = z.object({ type: z.literal("ping") });
const Token = z.object({ type: z.literal("token"), id, token: z.string().min(1) });

export const ClientFrame = z.discriminatedUnion("type", [Hello, Subscribe, Unsubscribe, CommandCall, SetPresence, Typing, Ping, Token]);
export type ClientFrame = z.infer<typeof ClientFrame>;
export type HelloFrame = z.infer<typeof Hello>;
export type FrameId = z.infer<typeof id>;
export const FRAME_TYPES: readonly string[] = ClientFrame.options.map((option) => option.shape.type.value);
