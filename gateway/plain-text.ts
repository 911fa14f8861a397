/** Text at the door (contract §3): NFC, well-formed, and no control characters but tab and newline. */
import { Refusal } from "../core/errors.ts";

// Everything of Unicode's Cc except tab and newline.
const CONTROL = /[^\P{Cc}\t\n]/u;
const LONE_SURROGATE = /\p{Surrogate}/u;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** The text in NFC, or a refusal that says where it is wrong. */
export function plainText(text: string, where: string): string {
  if (PRINTABLE_ASCII.test(text)) return text;
  if (LONE_SURROGATE.test(text)) throw new Refusal("invalid", `${where} holds half of a surrogate pair.`);
  if (CONTROL.test(text)) throw new Refusal("invalid", `${where} holds a control character other than tab and newline.`);
  return text.normalize("NFC");
}
