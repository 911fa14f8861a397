/**
 * Most frames are a command, and most commands send a message: what is plainly right of those is read by hand, at a tenth of a schema's cost.
 * Everything else, and whatever is wrong, goes to the schema, which decides and says why. Both come to the same (plain-frames.test.ts).
 */
import type { CommandOf } from "../../core/command.ts";
import { LIMITS } from "../../core/limits.ts";
import { CommandFrame, toCommand } from "./commands.ts";
import { ClientFrame, FRAME_ID_CHARS } from "./frames-in.ts";
import { parse } from "./parse.ts";
import { ANY_ID, COMMAND_ID, STAMP } from "./text.ts";

/** A frame of this protocol. Refusal invalid where it is none. */
export const readFrame = (value: unknown): ClientFrame => plainCommand(value) ?? parse(ClientFrame, value);
/** The command of a command's frame. Refusal invalid or too-large where it is none. */
export const readCommand = (value: unknown): ReturnType<typeof toCommand> => plainSend(value) ?? toCommand(parse(CommandFrame, value));

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isLike = (value: unknown, shape: RegExp): value is string => typeof value === "string" && shape.test(value);

function plainCommand(value: unknown): ClientFrame | undefined {
  if (!isObject(value) || value["type"] !== "command") return undefined;
  const { id, command } = value;
  const isNamed = typeof id === "number" ? Number.isFinite(id) : typeof id === "string" && id !== "" && id.length <= FRAME_ID_CHARS;
  if (!isNamed || !isObject(command) || typeof command["id"] !== "string" || typeof command["kind"] !== "string") return undefined;
  return { type: "command", id: id as string | number, command: command as { readonly id: string; readonly kind: string } };
}

function plainSend(value: unknown): CommandOf<"message.send"> | undefined {
  if (!isObject(value) || value["kind"] !== "message.send" || "metadata" in value) return undefined;
  const { id, channel, body, thread, seen } = value;
  if (!isLike(id, COMMAND_ID) || !isLike(channel, ANY_ID) || typeof body !== "string" || body === "") return undefined;
  if (body.length * 3 > LIMITS.bodyBytes && Buffer.byteLength(body) > LIMITS.bodyBytes) return undefined;
  if ("thread" in value && thread !== null && !isLike(thread, ANY_ID)) return undefined;
  if ("seen" in value && !isLike(seen, STAMP)) return undefined;
  const send = { id, kind: "message.send", channel, body } as const;
  const said = "thread" in value ? { ...send, thread: thread as string | null } : send;
  return "seen" in value ? { ...said, seen: seen as string } : said;
}
