/**
 * One DNS message in, one out (RFC 1035, 6891, 7871, 7873). Bytes that are no query get no answer, so that nobody is made to shout at others; a
 * query that cannot be read gets a bare FORMERR, never longer than itself. An answer by UDP to somebody who has not shown where it is has at
 * most twice the bytes of its question, as packets (IPv4 and UDP headers of 28 bytes included): first what is only courtesy is left out, then
 * all, with the flag that says "ask by TCP".
 */
import type { Address } from "./address.ts";
import type { AnswerCache } from "./answer-cache.ts";
import { type Client, clientAt, type Locate } from "./client.ts";
import type { Cookies } from "./cookies.ts";
import type { DnsCounts } from "./dns-counts.ts";
import type { RateLimit } from "./rate-limit.ts";
import { TYPE, UDP_BYTES, UDP_BYTES_BARE } from "./wire/constants.ts";
import { type Query, readQuery } from "./wire/query.ts";
import { bareReply, encodeReply, type Reply, replyLength } from "./wire/reply.ts";
import type { Zone } from "./zone.ts";

export interface RespondParts {
  readonly zone: Zone;
  readonly locate: Locate;
  readonly cookies: Cookies;
  readonly limit: RateLimit;
  readonly cache: AnswerCache;
  /** What all answers hang on beside the client: another object when anything changes. */
  readonly world: () => unknown;
  readonly nowMs: () => number;
  readonly counts: DnsCounts;
}
export interface From {
  readonly address: Address;
  readonly udp: boolean;
}

const PACKET_HEADER_BYTES = 28;
const AMPLIFICATION_MOST = 2;

function decide(
  { zone, locate }: RespondParts,
  { name, type, isInternet, edns }: Query,
  from: Address,
): Pick<Reply, "rcode" | "sections" | "scope"> {
  if ((edns?.version ?? 0) !== 0) return { rcode: "BADVERS", scope: 0 };
  if (!isInternet || type === TYPE.AXFR || type === TYPE.IXFR || type === TYPE.OPT) return { rcode: "REFUSED", scope: 0 };
  // A subnet of no bits is a client that does not want to be placed; then only the resolver's own address is known, and the scope is 0.
  const subnet = edns?.subnet?.address;
  const client: Client = clientAt(subnet ?? from, locate);
  const { rcode, sections, scope } = zone.answer(name, type, client);
  return { rcode, sections, scope: subnet === undefined ? 0 : scope };
}

const bytesMost = ({ length }: Buffer, { edns }: Query, udp: boolean, verified: boolean): number => {
  if (!udp) return 65_535;
  const fits = Math.min(UDP_BYTES, Math.max(UDP_BYTES_BARE, edns?.udpBytes ?? 0));
  return verified ? fits : Math.min(fits, AMPLIFICATION_MOST * (length + PACKET_HEADER_BYTES) - PACKET_HEADER_BYTES);
};

/** The answer to one message, or nothing. */
export function respond(parts: RespondParts, message: Buffer, from: From): Buffer | undefined {
  const said = answered(parts, message, from);
  parts.counts.took(message, said, from.udp);
  return said;
}

function answered(parts: RespondParts, message: Buffer, from: From): Buffer | undefined {
  if (!from.udp) return answer(parts, message, from);
  const key = parts.cache.keyOf(message);
  const known = parts.cache.find(key, message, parts.world(), parts.nowMs());
  if (known === undefined) return answer(parts, message, from, key);
  const verdict = parts.limit.take(from.address);
  if (verdict === "answer") return known;
  parts.counts.limited[verdict] += 1;
  return verdict === "drop" ? undefined : answer(parts, message, { ...from, limited: true });
}

function answer(
  parts: RespondParts,
  message: Buffer,
  { address, udp, limited = false }: From & { readonly limited?: boolean },
  key?: string,
): Buffer | undefined {
  const query = readQuery(message);
  if (query === "ignore") return undefined;
  const given = typeof query === "string" ? undefined : query.edns?.cookie;
  const { known, cookie } = given === undefined ? { known: false, cookie: undefined } : parts.cookies.look(given, address);
  const verified = known || !udp;
  const verdict = verified ? "answer" : limited ? "truncate" : parts.limit.take(address);
  if (verdict !== "answer" && !limited) parts.counts.limited[verdict] += 1;
  if (verdict === "drop") return undefined;
  if (query === "formerr" || query === "notimp") return bareReply(message, query === "formerr" ? "FORMERR" : "NOTIMP");
  const base = { cookie, withAdditionals: true };
  if (verdict === "truncate") return encodeReply(message, query, { ...base, rcode: "NOERROR", scope: 0, truncated: true });
  const reply: Reply = { ...base, ...decide(parts, query, address) };
  const bytes = fitting(message, query, reply, bytesMost(message, query, udp, verified));
  // Without a subnet the answer hangs on who asks; with a cookie no message comes twice.
  if (key !== undefined && cookie === undefined && query.edns?.subnet?.address !== undefined) parts.cache.keep(key, bytes);
  return bytes;
}

function fitting(message: Buffer, query: Query, reply: Reply, most: number): Buffer {
  if (replyLength(query, reply) <= most) return encodeReply(message, query, reply);
  const needed = { ...reply, withAdditionals: false };
  if (replyLength(query, needed) <= most) return encodeReply(message, query, needed);
  return encodeReply(message, query, { ...reply, truncated: true });
}
