/** The small shapes that all calls and frames are made of. Text has passed the JSON door: it is NFC and free of control characters. */
import { z } from "zod";
import { wholeNumberIn } from "../../core/decimal.ts";
import { PLAIN_ID } from "../../core/ids.ts";
import { LIMITS } from "../../core/limits.ts";

const bytesOf = (text: string): number => Buffer.byteLength(text);
/** A refusal with the code `too-large` instead of `invalid`. */
const tooLarge = (message: string) => ({ message, params: { code: "too-large" } });

export const text = (maxBytes: number) =>
  z
    .string()
    .min(1)
    .refine((value) => bytesOf(value) <= maxBytes, tooLarge(`at most ${maxBytes} bytes of UTF-8`));
const visible = (maxBytes: number) => text(maxBytes).refine((value) => value.trim() !== "", "not only blanks");

export const body = text(LIMITS.bodyBytes).describe(`1 to ${LIMITS.bodyBytes} bytes of UTF-8, in NFC`);
export const name = visible(LIMITS.nameBytes);
export const topic = text(LIMITS.topicBytes).nullable();
export const plainId = z.string().regex(PLAIN_ID, "1 to 64 of A-Z a-z 0-9 _ -");
/** Ids as people write them: shown ids of either tag, or an alias. */
export const ANY_ID = /^[A-Za-z0-9_-]{1,128}$/;
export const anyId = z.string().regex(ANY_ID, "no id");
export const STAMP = /^[0-9a-f]{12}-[0-9a-f]{4}-[A-Za-z0-9_-]{1,64}$/;
export const stamp = z.string().regex(STAMP, "no stamp");
export const time = z.iso.datetime({ offset: true });
export const role = z.enum(["owner", "moderator", "member"]);
export const policy = z.enum(["lww", "merge"]);
export const deletes = z.enum(["final", "lww"]);
export const emoji = text(LIMITS.emojiBytes).refine((value) => !/[\s|]/u.test(value), "no blanks and no |");
export const COMMAND_ID = /^[\x21-\x7e]{1,128}$/;
export const commandId = z.string().regex(COMMAND_ID, `1 to ${LIMITS.idempotencyKeyChars} visible ASCII characters`);
export const cursor = z.string().min(1).describe("opaque; from an answer or frame of any region");
/** JSON of the author's own; the door has taken care of its depth and keys. */
export const metadata = z
  .json()
  .refine((value) => bytesOf(JSON.stringify(value)) <= LIMITS.metadataBytes, tooLarge(`at most ${LIMITS.metadataBytes} bytes as JSON`));
const BOUNDS = `from 1 to ${LIMITS.pageMax}`;
/** A query holds text: digits alone are a number. */
export const limit = z.preprocess(
  (value) => (typeof value === "string" ? (wholeNumberIn(value) ?? value) : value),
  z
    .number({ error: ({ code }) => (code === "invalid_type" ? "is a number in digits" : undefined) })
    .int()
    .min(1, BOUNDS)
    .max(LIMITS.pageMax, BOUNDS)
    .default(LIMITS.pageDefault),
);
/** Several values in one parameter, by comma. */
export const list = <T extends z.ZodType<string, string>>(item: T) =>
  z
    .string()
    .transform((value) => value.split(","))
    .pipe(z.array(item).min(1).max(LIMITS.pageMax));
