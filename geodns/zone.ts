/**
 * What the zone says (contract §5). One name is steered: `gw.<zone>` is a CNAME to the client's region, with that region's addresses in the
 * same answer. `<region>.gw.<zone>` never is: a client that has chosen stays where it chose. Customers' names are long-lived CNAMEs to the one
 * steered name, so that resolvers split one name by client network and not thousands. `_atoll.gw.<zone>` lists all regions, ranked (SVCB).
 */
import ipaddr from "ipaddr.js";
import { addressBytes } from "./address.ts";
import type { Client } from "./client.ts";
import { type Decision, TTL_REST } from "./policy.ts";
import type { GeoRegion } from "./region.ts";
import { TYPE } from "./wire/constants.ts";
import { type DnsRecord, encodeSections, type Sections, wireName } from "./wire/records.ts";

export interface NameServer {
  /** In the zone: "ns1" -> ns1.<zone>. */
  readonly name: string;
  readonly addresses: readonly string[];
}
export interface ZoneOptions {
  readonly zone: string;
  readonly regions: () => readonly GeoRegion[];
  readonly customers?: readonly string[];
  /** The first is the zone's primary. */
  readonly nameServers: readonly NameServer[];
  readonly decide: (client: Client) => Decision;
}
export interface ZoneAnswer {
  readonly rcode: "NOERROR" | "NXDOMAIN" | "REFUSED";
  readonly sections: Sections;
  /** How many bits of the client's address the answer hangs on; 0 where it hangs on none. */
  readonly scope: number;
}
export interface Zone {
  readonly apex: string;
  /** All that stands at a name (dotted, in small letters) for this client, not followed further; undefined where the name does not exist. */
  at(name: string, client: Client): { readonly records: readonly DnsRecord[]; readonly scope: number } | undefined;
  /** `name` as in a query (`wireName`). */
  answer(name: string, type: number, client: Client): ZoneAnswer;
}

const TTL_FIXED = 3_600;
const ENCODABLE = /^[A-Za-z0-9_-]{1,63}$/;
const ENCODED_MOST = 10_000;
const NOTHING: Sections = { bytes: Buffer.alloc(0), answers: 0, authorities: 0, additionals: 0, needed: 0 };

const portOf = ({ port, protocol }: URL): number => (port !== "" ? Number(port) : protocol === "https:" ? 443 : 80);

function addressRecords(owner: string, host: string, ttl: number): readonly DnsRecord[] {
  const bare = host.replace(/^\[|\]$/g, "");
  const address = addressBytes(bare);
  if (address === undefined) return [{ owner, ttl, data: { type: "CNAME", target: bare.toLowerCase() } }];
  return [{ owner, ttl, data: { type: ipaddr.IPv4.isValid(bare) ? "A" : "AAAA", address } }];
}

/** Everything that stands at a region's own name. */
function regionRecords(owner: string, { url, addresses = [] }: GeoRegion, ttl: number): readonly DnsRecord[] {
  const at = new URL(url);
  const records = (addresses.length > 0 ? addresses : [at.hostname]).flatMap((host) => addressRecords(owner, host, ttl));
  if (records.some(({ data }) => data.type === "CNAME")) return records;
  return [...records, { owner, ttl, data: { type: "HTTPS", priority: 1, target: "", port: portOf(at) } }];
}

/** A CNAME answers every type. ANY gets one set of records, as small as there is (RFC 8482). */
function wanted(records: readonly DnsRecord[], type: number): readonly DnsRecord[] {
  if (type === TYPE.ANY) return records.filter(({ data }) => data.type === records[0]?.data.type);
  return records.filter(({ data }) => data.type === "CNAME" || TYPE[data.type] === type);
}

/** What the client will want next: the port beside the address, the address beside the port. */
const beside = (records: readonly DnsRecord[], type: number): readonly DnsRecord[] =>
  records.filter(({ data }) =>
    type === TYPE.HTTPS ? data.type === "A" || data.type === "AAAA" : (type === TYPE.A || type === TYPE.AAAA) && data.type === "HTTPS",
  );

export function openZone({ zone, regions, customers = [], nameServers, decide }: ZoneOptions): Zone {
  const apex = zone.toLowerCase().replace(/\.$/, "");
  const gateway = `gw.${apex}`;
  const list = `_atoll.${gateway}`;
  const primary = `${nameServers[0]!.name}.${apex}`;
  // The mailbox is the primary's own name: two bytes by pointer, which keeps "no such address" within twice the bytes of its question.
  const soa: DnsRecord = {
    owner: apex,
    ttl: TTL_REST,
    data: { type: "SOA", primary, mailbox: primary, serial: 1, negativeTtl: TTL_REST },
  };
  const serverRecords = nameServers.flatMap(({ name, addresses }) =>
    addresses.flatMap((address) => addressRecords(`${name}.${apex}`, address, TTL_FIXED)),
  );
  const fixed = new Map<string, readonly DnsRecord[]>([
    [
      apex,
      [
        soa,
        ...nameServers.map(({ name }): DnsRecord => ({ owner: apex, ttl: TTL_FIXED, data: { type: "NS", target: `${name}.${apex}` } })),
      ],
    ],
    ...nameServers.map(({ name }) => [`${name}.${apex}`, serverRecords.filter(({ owner }) => owner === `${name}.${apex}`)] as const),
  ]);
  const clients = new Set(customers.map((name) => `${name}.${apex}`));
  const dotted = new Map([...fixed.keys(), gateway, list, ...clients].map((name) => [wireName(name), name]));
  const regionAt = new Map<string, { readonly owner: string; readonly region: GeoRegion }>();
  let known: readonly GeoRegion[] = [];
  const apexWire = wireName(apex);

  const encoded = new Map<string, Sections>();
  function once(key: string, encode: () => Sections): Sections {
    const found = encoded.get(key);
    if (found !== undefined) return found;
    if (encoded.size >= ENCODED_MOST) encoded.clear();
    const sections = encode();
    encoded.set(key, sections);
    return sections;
  }
  function learn(): void {
    const now = regions();
    if (now === known) return;
    known = now;
    encoded.clear();
    regionAt.clear();
    for (const region of now) {
      if (!ENCODABLE.test(region.name)) throw new Error(`the region ${region.name} has no place in a domain name (at most 63 letters)`);
      const owner = `${region.name.toLowerCase()}.${gateway}`;
      regionAt.set(wireName(owner), { owner, region });
    }
  }
  const plainly = (name: string, type: number, all: readonly DnsRecord[], additionals: readonly DnsRecord[] = []): Sections => {
    const answers = wanted(all, type);
    return encodeSections(name, answers, answers.length === 0 ? [soa] : [], answers.length === 0 ? [] : additionals);
  };

  /** The steered name, or a customer's that leads to it. */
  function steer(name: string, type: number, client: Client): ZoneAnswer {
    const { steering, scope, ttl } = decide(client);
    const region = steering.candidates[0]!.region;
    const first = region.name;
    const sections = once(`${name} ${type} ${first} ${ttl}`, () => {
      const target = `${first.toLowerCase()}.${gateway}`;
      const chain: DnsRecord[] = [{ owner: gateway, ttl, data: { type: "CNAME", target } }];
      if (name !== gateway) chain.unshift({ owner: name, ttl: TTL_FIXED, data: { type: "CNAME", target: gateway } });
      if (type === TYPE.CNAME || type === TYPE.ANY) return encodeSections(name, chain.slice(0, 1), [], []);
      const there = regionRecords(target, region, ttl);
      const answers = wanted(there, type);
      return encodeSections(
        name,
        [...chain, ...answers],
        answers.length === 0 ? [soa] : [],
        answers.length === 0 ? [] : beside(there, type),
      );
    });
    return { rcode: "NOERROR", sections, scope: type === TYPE.CNAME && name !== gateway ? 0 : scope };
  }

  const listed = ({ steering, ttl }: Decision): readonly DnsRecord[] =>
    steering.candidates.map(({ region: { name, url } }, i) => ({
      owner: list,
      ttl,
      data: { type: "SVCB", priority: i + 1, target: `${name.toLowerCase()}.${gateway}`, port: portOf(new URL(url)) },
    }));

  /** All regions in the client's order. */
  function ranked(type: number, client: Client): ZoneAnswer {
    if (type !== TYPE.SVCB && type !== TYPE.ANY)
      return { rcode: "NOERROR", sections: once(`${list} ${type}`, () => plainly(list, type, [])), scope: 0 };
    const decision = decide(client);
    const order = decision.steering.candidates.map(({ region }) => region.name).join();
    const sections = once(`${list} ${order} ${decision.ttl}`, () => encodeSections(list, listed(decision), [], []));
    return { rcode: "NOERROR", sections, scope: decision.scope };
  }

  learn();
  return {
    apex,
    at(name, client) {
      learn();
      if (clients.has(name)) return { records: [{ owner: name, ttl: TTL_FIXED, data: { type: "CNAME", target: gateway } }], scope: 0 };
      if (name === gateway) {
        const { steering, scope, ttl } = decide(client);
        const target = `${steering.candidates[0]!.region.name.toLowerCase()}.${gateway}`;
        return { records: [{ owner: name, ttl, data: { type: "CNAME", target } }], scope };
      }
      if (name === list) {
        const decision = decide(client);
        return { records: listed(decision), scope: decision.scope };
      }
      const own = regionAt.get(wireName(name));
      const records = own === undefined ? fixed.get(name) : regionRecords(own.owner, own.region, TTL_REST);
      return records === undefined ? undefined : { records, scope: 0 };
    },
    answer(asked, type, client) {
      learn();
      const name = dotted.get(asked);
      if (name === gateway || (name !== undefined && clients.has(name))) return steer(name, type, client);
      if (name === list) return ranked(type, client);
      const all = name === undefined ? undefined : fixed.get(name);
      if (all !== undefined) {
        const glue = type === TYPE.NS ? serverRecords : [];
        return { rcode: "NOERROR", sections: once(`${name} ${type}`, () => plainly(name!, type, all, glue)), scope: 0 };
      }
      const own = regionAt.get(asked);
      if (own !== undefined) {
        const records = regionRecords(own.owner, own.region, TTL_REST);
        const sections = once(`${own.owner} ${type}`, () => plainly(own.owner, type, records, beside(records, type)));
        return { rcode: "NOERROR", sections, scope: 0 };
      }
      if (!isWithin(asked, apexWire)) return { rcode: "REFUSED", sections: NOTHING, scope: 0 };
      return { rcode: "NXDOMAIN", sections: missing(asked), scope: 0 };
    },
  };

  /** The SOA says for how long the name does not exist. Its pointer leads to the zone's name at the end of the question. */
  function missing(asked: string): Sections {
    return once(`missing ${asked.length}`, () =>
      encodeSections(`${"x".repeat(asked.length - apexWire.length - 1)}.${apex}`, [], [soa], []),
    );
  }
}

/** At a border of labels: "notatoll.test" is not within "atoll.test". */
function isWithin(name: string, zone: string): boolean {
  const begin = name.length - zone.length;
  for (let at = 0; at <= begin; at += 1 + name.charCodeAt(at)) if (at === begin) return name.endsWith(zone);
  return false;
}
