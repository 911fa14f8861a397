/** The few hashes the laws need. Pure: bytes in, text out. */
import { createHmac, hash, timingSafeEqual } from "node:crypto";

/** SHA-256 as 64 hex digits. */
export const sha256 = (text: string): string => hash("sha256", text, "hex");
/** HMAC-SHA-256 as 64 hex digits. */
export const hmac256 = (key: string, text: string): string => createHmac("sha256", key).update(text).digest("hex");

/** Whether two secrets are the same, in a time that does not say where they differ. Whatever texts are given: lengths are compared in bytes. */
export function isSameSecret(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const ALPHABET = Buffer.from("0123456789abcdefghjkmnpqrstvwxyz", "latin1");
const LETTERS = 26;
/** Written over at each call: a string that grows letter by letter costs more than its hash. */
const letters = Buffer.alloc(LETTERS);

/** The first 130 bits of SHA-256 as 26 letters of Crockford's base 32: short, readable, safe in paths, keys and subjects. */
export function shortHash(text: string): string {
  // As characters: a Buffer for these few bytes costs twice their hash.
  const bytes = hash("sha256", text, "binary");
  let held = 0;
  let bits = 0;
  let at = 0;
  for (let place = 0; place < LETTERS; place += 1) {
    if (bits < 5) {
      held = ((held << 8) | bytes.charCodeAt(at++)) & 0xfff;
      bits += 8;
    }
    bits -= 5;
    letters[place] = ALPHABET[(held >> bits) & 31] ?? 0;
  }
  return letters.toString("latin1");
}

const MODULUS = 1n << 256n;

/** A sum of SHA-256 values modulo 2^256, as 64 hex digits: order and grouping do not matter, and a term can be taken out again (semantics D9). */
export type HashSum = string;
/** Of nothing: what an accumulator begins with. */
export const EMPTY_SUM: HashSum = "0".repeat(64);
const sumText = (sum: bigint): HashSum => sum.toString(16).padStart(64, "0");
/** The sum with one term more. */
export const addHash = (sum: HashSum, term: string): HashSum =>
  sum === EMPTY_SUM ? term : sumText((BigInt(`0x${sum}`) + BigInt(`0x${term}`)) % MODULUS);
/** The sum without a term that was added before. */
export const removeHash = (sum: HashSum, term: string): HashSum => sumText((BigInt(`0x${sum}`) - BigInt(`0x${term}`) + MODULUS) % MODULUS);
