/**
 * What the zone says (contract §5). One name is steered: `gw.<zone>` is a CNAME to the client's region, with that region's addresses in the
 * same answer. `<region>.gw.<zone>` never is: a client that has chosen stays where it chose. All other names of customers point to these.
 */
import type { Answer } from "dns-packet";
import ipaddr from "ipaddr.js";
import { HTTPS, httpsRecord } from "./https-record.ts";
import { type Client, type Ranking, TTL_REST } from "./policy.ts";
import type { GeoRegion } from "./region.ts";

export interface ZoneOptions {
  readonly zone: string;
  readonly regions: readonly GeoRegion[];
  /** Address of the name server, for its own name `ns1.<zone>`. */
  readonly address: string;
  readonly rank: (client: Client) => Ranking;
}
export interface ZoneAnswer {
  readonly rcode: "NOERROR" | "NXDOMAIN" | "REFUSED";
  readonly answers: readonly Answer[];
  /** What the client will want next: the port beside the address, the address beside the port. */
  readonly additionals?: readonly Answer[];
  /** Set when the answer hangs on who asks. */
  readonly steered?: { readonly scope: number };
  /** The name or the type does not exist here: the SOA says for how long. */
  readonly negative: boolean;
}
export interface Zone {
  readonly soa: Answer;
  /** `name` as asked, in any case of letters, without a final dot. */
  answer(name: string, type: string, client: Client): ZoneAnswer;
}

const TTL_FIXED = 3_600;
const ENCODABLE = /^[A-Za-z0-9_-]{1,63}$/;

function addressRecord(name: string, host: string, ttl: number): Answer {
  const bare = host.replace(/^\[|\]$/g, "");
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return { type: "A", name, ttl, data: bare };
  return ipaddr.IPv6.isValid(bare) ? { type: "AAAA", name, ttl, data: bare } : { type: "CNAME", name, ttl, data: bare };
}

const portOf = ({ port, protocol }: URL): number => (port !== "" ? Number(port) : protocol === "https:" ? 443 : 80);

/** Records of a region's own name that answer the type. A CNAME answers every type. */
function regionRecords(name: string, region: GeoRegion, type: string, ttl: number): readonly Answer[] {
  const url = new URL(region.url);
  const address = addressRecord(name, url.hostname, ttl);
  if (address.type === "CNAME" || address.type === type) return [address];
  if (type === HTTPS) return [httpsRecord(name, portOf(url), ttl)];
  return type === "ANY" ? [address, httpsRecord(name, portOf(url), ttl)] : [];
}

function besides(name: string, region: GeoRegion, type: string, ttl: number): readonly Answer[] {
  const beside = type === HTTPS ? ["A", "AAAA"] : type === "A" || type === "AAAA" ? [HTTPS] : [];
  return beside.flatMap((other) => regionRecords(name, region, other, ttl)).filter((record) => record.type !== "CNAME");
}

export function openZone({ zone, regions, address, rank }: ZoneOptions): Zone {
  const apex = zone.toLowerCase().replace(/\.$/, "");
  const nameServer = `ns1.${apex}`;
  const gateway = `gw.${apex}`;
  const byName = new Map(regions.map((region) => [`${region.name.toLowerCase()}.${gateway}`, region]));
  for (const { name } of regions)
    if (!ENCODABLE.test(name)) throw new Error(`the region ${name} has no place in a domain name (at most 63 letters)`);

  const soa: Answer = {
    type: "SOA",
    name: apex,
    ttl: TTL_REST,
    data: { mname: nameServer, rname: `hostmaster.${apex}`, serial: 1, refresh: 3_600, retry: 600, expire: 86_400, minimum: TTL_REST },
  };
  const ns: Answer = { type: "NS", name: apex, ttl: TTL_FIXED, data: nameServer };
  const found = (answers: readonly Answer[]): ZoneAnswer => ({ rcode: "NOERROR", answers, negative: answers.length === 0 });
  const wanted = (type: string, records: readonly Answer[]): ZoneAnswer =>
    found(records.filter((record) => type === "ANY" || record.type === type));

  function steer(asked: string, type: string, client: Client): ZoneAnswer {
    const { items, scope, ttl } = rank(client);
    const first = regions.find(({ name }) => name === items[0]?.name)!;
    const target = `${first.name}.${gateway}`;
    const records = type === "CNAME" ? [] : regionRecords(target, first, type, ttl);
    return {
      rcode: "NOERROR",
      answers: [{ type: "CNAME", name: asked, ttl, data: target }, ...records],
      additionals: records.length === 0 ? [] : besides(target, first, type, ttl),
      steered: { scope },
      negative: type !== "CNAME" && records.length === 0,
    };
  }

  return {
    soa,
    answer(asked, type, client) {
      const name = asked.toLowerCase();
      if (name !== apex && !name.endsWith(`.${apex}`)) return { rcode: "REFUSED", answers: [], negative: false };
      if (name === gateway) return steer(asked, type, client);
      const region = byName.get(name);
      if (region) return { ...found(regionRecords(asked, region, type, TTL_REST)), additionals: besides(asked, region, type, TTL_REST) };
      if (name === apex) return wanted(type, [soa, ns]);
      if (name === nameServer) return wanted(type, [addressRecord(asked, address, TTL_FIXED)]);
      return { rcode: "NXDOMAIN", answers: [], negative: true };
    },
  };
}
