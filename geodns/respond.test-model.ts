/** A name server without its sockets, queries made by an independent codec, and packets that are broken on purpose. */
import packet, { type DecodedPacket, type OptAnswer, type PacketOpt, type RecordType } from "dns-packet";
import { addressBytes } from "./address.ts";
import { AnswerCache } from "./answer-cache.ts";
import type { Locate } from "./client.ts";
import { openCookies } from "./cookies.ts";
import { DnsCounts } from "./dns-counts.ts";
import { decide } from "./policy.ts";
import { RateLimit } from "./rate-limit.ts";
import type { GeoRegion, HealthView } from "./region.ts";
import { respond } from "./respond.ts";
import type { World } from "./steering.ts";
import { openZone } from "./zone.ts";

export const THREE: readonly GeoRegion[] = [
  { name: "us", url: "http://127.0.0.1:8800" },
  { name: "eu", url: "https://[2001:db8::2]/" },
  { name: "ap", url: "https://sa.example:444", addresses: ["192.0.2.1", "2001:db8::1"] },
];

export interface Model {
  readonly zone?: string;
  readonly regions?: readonly GeoRegion[];
  readonly health?: HealthView;
  readonly locate?: Locate;
  readonly perSecond?: number;
  readonly nowMs?: () => number;
  /** Instead of `regions` and `health`, when they change. */
  readonly world?: () => World;
  readonly counts?: DnsCounts;
}
/** What the server would say to one message. */
export function responding({
  zone = "atoll.test",
  regions = THREE,
  health = new Map(),
  locate = () => undefined,
  perSecond = 0,
  nowMs = () => 0,
  world: given,
  counts = new DnsCounts(),
}: Model = {}) {
  const fixed: World = { regions, health };
  const world = given ?? (() => fixed);
  const parts = {
    zone: openZone({
      zone,
      regions: () => regions,
      customers: ["acme"],
      nameServers: [{ name: "ns1", addresses: ["127.0.0.1"] }],
      decide: (client) => decide(world(), client),
    }),
    locate,
    cookies: openCookies("a secret for tests only", () => Math.floor(nowMs() / 1_000)),
    limit: new RateLimit({ perSecond, nowMs }),
    cache: new AnswerCache(),
    world,
    nowMs,
    counts,
  };
  return (
    message: Buffer,
    { from = "198.51.100.7", udp = true }: { readonly from?: string; readonly udp?: boolean } = {},
  ): Buffer | undefined => respond(parts, message, { address: addressBytes(from)!, udp });
}

export interface Asked {
  readonly name?: string;
  readonly type?: string;
  readonly id?: number;
  readonly edns?: number | undefined;
  readonly subnet?: { readonly ip: string; readonly bits: number };
  readonly cookie?: Buffer;
}
export function query({ name = "gw.atoll.test", type = "A", id = 7, edns, subnet, cookie }: Asked = {}): Buffer {
  const options = [
    ...(subnet ? [{ code: 8 as const, ip: subnet.ip, sourcePrefixLength: subnet.bits }] : []),
    ...(cookie ? [{ code: 10, data: cookie } as unknown as PacketOpt] : []),
  ];
  const opt = { type: "OPT", name: ".", udpPayloadSize: edns ?? 1_232, options } as unknown as OptAnswer;
  return packet.encode({
    type: "query",
    id,
    flags: packet.RECURSION_DESIRED,
    questions: [{ type: type as RecordType, name }],
    additionals: options.length > 0 || edns !== undefined ? [opt] : [],
  });
}
export const rcodeOf = (answer: DecodedPacket): string => (answer as DecodedPacket & { readonly rcode: string }).rcode;
export const optOf = (answer: DecodedPacket): OptAnswer | undefined =>
  answer.additionals?.find((record): record is OptAnswer => record.type === "OPT");

/** Of packets that are nearly queries, some bytes another, pieces cut, doubled or appended; now and then mere noise. */
export function malformed(random: () => number): Buffer {
  const below = (n: number): number => Math.floor(random() * n);
  if (below(10) === 0) return Buffer.from(Array.from({ length: below(600) }, () => below(256)));
  let bytes = query({
    name: ["gw.atoll.test", "us.gw.atoll.test", "_atoll.gw.atoll.test", "acme.atoll.test", "atoll.test", "x.atoll.test", "a.example", "."][
      below(8)
    ]!,
    type: ["A", "AAAA", "UNKNOWN_65", "UNKNOWN_64", "ANY", "SOA", "NS", "TXT", "CNAME", "AXFR"][below(10)]!,
    id: below(65_536),
    ...(below(2) === 0 ? { edns: [0, 512, 1_232, 4_096, 65_535][below(5)]! } : {}),
    ...(below(2) === 0
      ? {
          subnet: [
            { ip: "192.0.2.0", bits: 24 },
            { ip: "2001:db8::", bits: 48 },
          ][below(2)]!,
        }
      : {}),
    ...(below(3) === 0 ? { cookie: Buffer.alloc([8, 16, 24, 40, 3][below(5)]!, below(256)) } : {}),
  });
  for (let changes = below(6); changes > 0; changes -= 1) {
    const at = below(bytes.length);
    const kind = below(6);
    if (kind === 0) bytes = bytes.subarray(0, at);
    else if (kind === 1) bytes = Buffer.concat([bytes, bytes.subarray(at)]);
    else if (kind === 2) bytes = Buffer.concat([bytes, Buffer.from([0xc0, below(bytes.length), 0, 41])]);
    else if (kind === 3 && at > 1) bytes.writeUInt16BE(0xc000 | below(bytes.length), at - 1);
    else if (kind === 4 && bytes.length > 12) bytes.writeUInt16BE(below(4), [4, 6, 8, 10][below(4)]!);
    else if (at < bytes.length) bytes[at] = below(256);
    if (bytes.length === 0) break;
  }
  return Buffer.from(bytes);
}

/** Whatever comes, what goes out is nothing, or a response with the same id, no longer than allowed, that another codec reads. */
export function checkAnswer(message: Buffer, answer: Buffer | undefined, udp: boolean): void {
  if (answer === undefined) return;
  const wrong = (what: string): never => {
    throw new Error(`${what}: ${message.toString("hex")} -> ${answer.toString("hex")}`);
  };
  if (answer.readUInt16BE(0) !== message.readUInt16BE(0)) wrong("another id");
  if ((answer[2]! & 0x80) === 0) wrong("no response");
  if (udp && answer.length > 1_232) wrong("too long for UDP");
  if (udp && answer.length + 28 > 2 * (message.length + 28)) wrong("more than twice the bytes");
  try {
    packet.decode(answer);
  } catch (error) {
    wrong(`unreadable (${String(error)})`);
  }
}
