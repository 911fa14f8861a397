/** An answer's bytes: the header, the question as it came, the zone's sections, and EDNS for whoever spoke it. */
import { FLAG, HEADER_BYTES, OPTION, RCODE, type Rcode, TYPE, UDP_BYTES } from "./constants.ts";
import type { Query } from "./query.ts";
import type { Sections } from "./records.ts";

export interface Reply {
  readonly rcode: Rcode;
  readonly sections?: Sections;
  /** Of the client's subnet, where it gave one. */
  readonly scope: number;
  /** Client's and server's bytes together. */
  readonly cookie: Buffer | undefined;
  /** Nothing but the question and the flag that says so: ask by TCP. */
  readonly truncated?: boolean;
  readonly withAdditionals: boolean;
}

const OPT_BYTES = 11;
const OPTION_HEADER_BYTES = 4;

export function replyLength({ questionEnd, edns }: Query, { sections, cookie, truncated, withAdditionals }: Reply): number {
  const records = sections === undefined || truncated === true ? 0 : withAdditionals ? sections.bytes.length : sections.needed;
  const subnet = edns?.subnet === undefined ? 0 : OPTION_HEADER_BYTES + edns.subnet.raw.length;
  const opt = edns === undefined ? 0 : OPT_BYTES + subnet + (cookie === undefined ? 0 : OPTION_HEADER_BYTES + cookie.length);
  return questionEnd + records + opt;
}

export function encodeReply(message: Buffer, query: Query, reply: Reply): Buffer {
  const { sections, rcode, scope, cookie, truncated = false, withAdditionals } = reply;
  const { edns, flags, questionEnd } = query;
  const bytes = Buffer.allocUnsafe(replyLength(query, reply));
  message.copy(bytes, 0, 0, questionEnd);
  const authoritative = rcode === "NOERROR" || rcode === "NXDOMAIN" ? FLAG.authoritative : 0;
  bytes.writeUInt16BE(
    FLAG.response | (flags & FLAG.recursionDesired) | authoritative | (truncated ? FLAG.truncated : 0) | (RCODE[rcode] & 15),
    2,
  );
  const shown = truncated ? undefined : sections;
  const additionals = withAdditionals ? (shown?.additionals ?? 0) : 0;
  bytes.writeUInt16BE(shown?.answers ?? 0, 6);
  bytes.writeUInt16BE(shown?.authorities ?? 0, 8);
  bytes.writeUInt16BE(additionals + (edns === undefined ? 0 : 1), 10);
  let at = questionEnd;
  if (shown !== undefined) at += shown.bytes.copy(bytes, at, 0, withAdditionals ? shown.bytes.length : shown.needed);
  if (edns === undefined) return bytes;
  bytes[at] = 0;
  bytes.writeUInt16BE(TYPE.OPT, at + 1);
  bytes.writeUInt16BE(UDP_BYTES, at + 3);
  bytes.writeUInt32BE((RCODE[rcode] >> 4) << 24, at + 5);
  bytes.writeUInt16BE(bytes.length - at - OPT_BYTES, at + 9);
  at += OPT_BYTES;
  if (edns.subnet !== undefined) {
    const { raw } = edns.subnet;
    bytes.writeUInt16BE(OPTION.subnet, at);
    bytes.writeUInt16BE(raw.length, at + 2);
    raw.copy(bytes, at + OPTION_HEADER_BYTES);
    bytes[at + OPTION_HEADER_BYTES + 3] = scope;
    at += OPTION_HEADER_BYTES + raw.length;
  }
  if (cookie !== undefined) {
    bytes.writeUInt16BE(OPTION.cookie, at);
    bytes.writeUInt16BE(cookie.length, at + 2);
    cookie.copy(bytes, at + OPTION_HEADER_BYTES);
  }
  return bytes;
}

/** For a message that cannot be read: never longer than it. */
export function bareReply(message: Buffer, rcode: Rcode): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(message.readUInt16BE(0), 0);
  header.writeUInt16BE(FLAG.response | (message.readUInt16BE(2) & (FLAG.opcode | FLAG.recursionDesired)) | RCODE[rcode], 2);
  return header;
}
