/**
 * One DNS message in, one out (RFC 1035, 6891, 7871). Bytes that are no query get no answer, so that nobody is made to shout at others; a
 * query that cannot be read gets a bare FORMERR, never longer than itself.
 */
import packet, { type Answer, type OptAnswer, type PacketOpt } from "dns-packet";
import type { Client } from "./policy.ts";
import type { Zone } from "./zone.ts";

const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;
type Rcode = keyof typeof RCODE;

const HEADER_BYTES = 12;
const RESPONSE = 0x8000;
const OPCODE = 0x7800;
const SUBNET = 8;
/** Fits every path without fragments (DNS flag day 2020). */
export const UDP_BYTES = 1_232;
const UDP_BYTES_BARE = 512;
/** Names beyond printable ASCII would come back changed from the codec; ours are all within it. */
const NAME = /^[\x21-\x7e]*$/;

interface Asked {
  readonly id: number;
  readonly flags: number;
  readonly question: packet.Question | undefined;
  readonly opt: OptAnswer | undefined;
}
interface Said {
  readonly rcode: Rcode;
  readonly answers?: readonly Answer[];
  readonly authorities?: readonly Answer[];
  readonly additionals?: readonly Answer[];
  readonly scope?: number;
}

/** A client's network as the resolver gives it. "broken" is answered FORMERR (RFC 7871 §7.1.2). */
interface Subnet {
  readonly raw: Buffer;
  readonly client: Client;
}
function readSubnet(data: Buffer, ip: string | undefined): Subnet | "broken" {
  if (data.length < 4) return "broken";
  const family = data.readUInt16BE(0);
  const source = data.readUInt8(2);
  const bits = family === 1 ? 32 : family === 2 ? 128 : 0;
  const address = data.subarray(4);
  if (source > bits || data.readUInt8(3) !== 0 || address.length !== Math.ceil(source / 8)) return "broken";
  const spare = source % 8;
  if (spare !== 0 && (address.at(-1)! & (0xff >> spare)) !== 0) return "broken";
  return { raw: data, client: source === 0 || ip === undefined ? {} : { ip } };
}

function subnetOf(opt: OptAnswer | undefined): Subnet | "broken" | undefined {
  const option = opt?.options.find(({ code }) => code === SUBNET) as
    | (PacketOpt & { readonly data?: Buffer; readonly ip?: string })
    | undefined;
  return option === undefined ? undefined : readSubnet(option.data ?? Buffer.alloc(0), option.ip);
}

function decide(zone: Zone, { flags, question, opt }: Asked, subnet: Subnet | undefined, from: Client): Said {
  if ((flags & OPCODE) !== 0) return { rcode: "NOTIMP" };
  if (question === undefined) return { rcode: "FORMERR" };
  if ((opt?.ednsVersion ?? 0) !== 0) return { rcode: "BADVERS" };
  const { name, type, class: space = "IN" } = question;
  if (!NAME.test(name) || space !== "IN" || type === "AXFR" || type === "IXFR") return { rcode: "REFUSED" };
  // A subnet of no bits is a client that does not want to be placed; then only the resolver's own address is known.
  const {
    rcode,
    answers,
    additionals = [],
    negative,
    steered,
  } = zone.answer(name === "." ? "" : name, type, subnet?.client.ip === undefined ? from : subnet.client);
  const scope = subnet?.client.ip === undefined ? 0 : (steered?.scope ?? 0);
  return { rcode, answers, additionals, authorities: negative ? [zone.soa] : [], scope };
}

function encode({ id, flags, question, opt }: Asked, said: Said, subnet: Subnet | undefined, udp: boolean): Buffer {
  const authoritative = said.rcode === "NOERROR" || said.rcode === "NXDOMAIN" ? packet.AUTHORITATIVE_ANSWER : 0;
  const options = subnet ? [{ code: SUBNET, data: echoed(subnet.raw, said.scope ?? 0) } as unknown as PacketOpt] : [];
  const extended: OptAnswer = {
    type: "OPT",
    name: ".",
    udpPayloadSize: UDP_BYTES,
    extendedRcode: RCODE[said.rcode] >> 4,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options,
  };
  const response = {
    type: "response" as const,
    id,
    flags: (flags & (OPCODE | packet.RECURSION_DESIRED)) | authoritative | (RCODE[said.rcode] & 15),
    questions: question && NAME.test(question.name) ? [question] : [],
    answers: [...(said.answers ?? [])],
    authorities: [...(said.authorities ?? [])],
    additionals: [...(said.additionals ?? []), ...(opt ? [extended] : [])],
  };
  const whole = packet.encode(response);
  if (!udp || whole.length <= Math.min(UDP_BYTES, Math.max(UDP_BYTES_BARE, opt?.udpPayloadSize ?? 0))) return whole;
  return packet.encode({
    ...response,
    flags: response.flags | packet.TRUNCATED_RESPONSE,
    answers: [],
    authorities: [],
    additionals: opt ? [extended] : [],
  });
}

/** The option as it came, with our scope in its fourth byte. */
function echoed(raw: Buffer, scope: number): Buffer {
  const data = Buffer.from(raw);
  data.writeUInt8(scope, 3);
  return data;
}

function bare(query: Buffer, rcode: Rcode): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(query.readUInt16BE(0), 0);
  header.writeUInt16BE(RESPONSE | (query.readUInt16BE(2) & (OPCODE | packet.RECURSION_DESIRED)) | RCODE[rcode], 2);
  return header;
}

/** The answer to one message, or nothing for what is no query. */
export function respond(
  zone: Zone,
  query: Buffer,
  { address, udp }: { readonly address: string | undefined; readonly udp: boolean },
): Buffer | undefined {
  if (query.length < HEADER_BYTES || (query.readUInt16BE(2) & RESPONSE) !== 0) return undefined;
  let decoded: packet.DecodedPacket;
  try {
    decoded = packet.decode(query);
  } catch {
    return bare(query, "FORMERR");
  }
  try {
    const opts = (decoded.additionals ?? []).filter((record): record is OptAnswer => record.type === "OPT");
    const asked: Asked = {
      id: decoded.id ?? 0,
      flags: decoded.flags ?? 0,
      question: decoded.questions?.length === 1 ? decoded.questions[0] : undefined,
      opt: opts[0],
    };
    const subnet = subnetOf(opts[0]);
    if (subnet === "broken" || opts.length > 1) return encode(asked, { rcode: "FORMERR" }, undefined, udp);
    return encode(asked, decide(zone, asked, subnet, address === undefined ? {} : { ip: address }), subnet, udp);
  } catch {
    return bare(query, "SERVFAIL");
  }
}
