/**
 * The door for JSON: bytes in, a value that holds nothing dangerous out. Depth is counted before parsing, because `JSON.parse` accepts depths
 * at which everything after it overflows the stack; keys that reach a prototype, lone surrogates, control characters and numbers that
 * JavaScript cannot hold are refused. All text leaves in NFC.
 */
import { Refusal } from "../core/errors.ts";
import type { Json } from "../core/event.ts";
import { LIMITS } from "../core/limits.ts";
import { plainText } from "./plain-text.ts";

const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);
const [QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [34, 92, 123, 125, 91, 93];

export function jsonFromBytes(bytes: Uint8Array): Json {
  return jsonFromText(utf8(bytes));
}

export function jsonFromText(text: string): Json {
  return cleanJson(uncleanJson(text));
}

/** What the text says, before it is known to be harmless: to be read for who sent it, so that a refusal of the rest finds its way. */
export function uncleanJson(text: string): Json {
  checkDepth(text);
  return parsed(text);
}

/** The same value in NFC, or a refusal that says what is wrong with it. */
export const cleanJson = (value: Json): Json => clean(value, "the JSON");

export function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refusal("invalid", "The bytes are not UTF-8.");
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new Refusal("invalid", text.trim() === "" ? "A JSON body is needed." : "The text is not JSON.");
  }
}

/** One pass over the text, strings skipped. Refusal invalid: nested deeper than the limit. */
export function checkDepth(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === OPEN || code === OPEN_LIST) {
      depth += 1;
      if (depth > LIMITS.jsonDepth) throw new Refusal("invalid", `The JSON is nested deeper than ${LIMITS.jsonDepth}.`);
    } else if (code === CLOSE || code === CLOSE_LIST) depth -= 1;
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at;
  }
  return text.length;
}

function clean(value: Json, where: string): Json {
  if (typeof value === "string") return plainText(value, where);
  if (typeof value === "number") return checkedNumber(value, where);
  if (value === null || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map((item) => clean(item as Json, where));
  const fields: Record<string, Json> = {};
  for (const [key, field] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key)) throw new Refusal("invalid", `The key ${key} is not taken.`);
    const plain = plainText(key, "a key");
    if (Object.hasOwn(fields, plain))
      throw new Refusal("invalid", `The key ${plain.slice(0, 64)} is there twice, in two forms of Unicode.`);
    fields[plain] = clean(field as Json, key.slice(0, 64));
  }
  return fields;
}

function checkedNumber(value: number, where: string): number {
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
    throw new Refusal("invalid", `${where} holds a number beyond what JavaScript keeps exactly.`);
  return value;
}
