/** The records that stand in a zone: its own and its name servers', whoever asks, and each region's at the region's name. */
import ipaddr from "ipaddr.js";
import { addressBytes } from "./address.ts";
import { TTL_REST } from "./policy.ts";
import type { GeoRegion } from "./region.ts";
import { TYPE } from "./wire/constants.ts";
import type { DnsRecord } from "./wire/records.ts";

export interface NameServer {
  /** In the zone: "ns1" -> ns1.<zone>. */
  readonly name: string;
  readonly addresses: readonly string[];
}

/** Seconds, of what only a new configuration changes. */
export const TTL_FIXED = 3_600;

/** A region's own name, which is never steered. */
export const regionName = ({ name }: Pick<GeoRegion, "name">, gateway: string): string => `${name.toLowerCase()}.${gateway}`;

export const portOf = ({ port, protocol }: URL): number => (port !== "" ? Number(port) : protocol === "https:" ? 443 : 80);

function addressRecords(owner: string, host: string, ttl: number): readonly DnsRecord[] {
  const bare = host.replace(/^\[|\]$/g, "");
  const address = addressBytes(bare);
  if (address === undefined) return [{ owner, ttl, data: { type: "CNAME", target: bare.toLowerCase() } }];
  return [{ owner, ttl, data: { type: ipaddr.IPv4.isValid(bare) ? "A" : "AAAA", address } }];
}

/** Everything that stands at a region's own name. */
export function regionRecords(owner: string, { url, addresses = [] }: GeoRegion, ttl: number): readonly DnsRecord[] {
  const at = new URL(url);
  const records = (addresses.length > 0 ? addresses : [at.hostname]).flatMap((host) => addressRecords(owner, host, ttl));
  if (records.some(({ data }) => data.type === "CNAME")) return records;
  return [...records, { owner, ttl, data: { type: "HTTPS", priority: 1, target: "", port: portOf(at) } }];
}

/** What stands in the zone whoever asks. */
export interface FixedRecords {
  readonly soa: DnsRecord;
  /** Addresses of all name servers. */
  readonly servers: readonly DnsRecord[];
  /** By name (dotted, in small letters): the zone itself, and each name server. */
  readonly at: ReadonlyMap<string, readonly DnsRecord[]>;
}

/** The first of the name servers is the zone's primary. */
export function fixedRecords(apex: string, nameServers: readonly NameServer[]): FixedRecords {
  const named = nameServers.map(({ name, addresses }) => ({ name: `${name}.${apex}`, addresses }));
  // The mailbox is the primary's own name: two bytes by pointer, which keeps "no such address" within twice the bytes of its question.
  const primary = named[0]!.name;
  const soa: DnsRecord = {
    owner: apex,
    ttl: TTL_REST,
    data: { type: "SOA", primary, mailbox: primary, serial: 1, negativeTtl: TTL_REST },
  };
  const servers = named.flatMap(({ name, addresses }) => addresses.flatMap((address) => addressRecords(name, address, TTL_FIXED)));
  const delegation = named.map(({ name }): DnsRecord => ({ owner: apex, ttl: TTL_FIXED, data: { type: "NS", target: name } }));
  const at = new Map<string, readonly DnsRecord[]>([
    [apex, [soa, ...delegation]],
    ...named.map(({ name }) => [name, servers.filter(({ owner }) => owner === name)] as const),
  ]);
  return { soa, servers, at };
}

/** A CNAME answers every type. ANY gets one set of records, as small as there is (RFC 8482). */
export function wanted(records: readonly DnsRecord[], type: number): readonly DnsRecord[] {
  if (type === TYPE.ANY) return records.filter(({ data }) => data.type === records[0]?.data.type);
  return records.filter(({ data }) => data.type === "CNAME" || TYPE[data.type] === type);
}

/** What the client will want next: the port beside the address, the address beside the port. */
export const beside = (records: readonly DnsRecord[], type: number): readonly DnsRecord[] =>
  records.filter(({ data }) =>
    type === TYPE.HTTPS ? data.type === "A" || data.type === "AAAA" : (type === TYPE.A || type === TYPE.AAAA) && data.type === "HTTPS",
  );
