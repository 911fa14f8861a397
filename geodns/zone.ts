/**
 * What the zone says (contract §5). One name is steered: `gw.<zone>` is a CNAME to the client's region, with that region's addresses in the
 * same answer. `<region>.gw.<zone>` never is: a client that has chosen stays where it chose. Customers' names are long-lived CNAMEs to the one
 * steered name, so that resolvers split one name by client network and not thousands. `_atoll.gw.<zone>` lists all regions, ranked (SVCB).
 */
import type { Client } from "./client.ts";
import { type Decision, TTL_REST } from "./policy.ts";
import type { GeoRegion } from "./region.ts";
import { TYPE } from "./wire/constants.ts";
import { type DnsRecord, wireName } from "./wire/records.ts";
import { customerRecord, REFUSED, type StandingRecords, type ZoneAnswer, ZoneAnswers } from "./zone-answers.ts";
import { beside, fixedRecords, type NameServer, regionName, regionRecords } from "./zone-records.ts";
import { type NamedRegion, ZoneRegions } from "./zone-regions.ts";

export interface ZoneOptions {
  readonly zone: string;
  readonly regions: () => readonly GeoRegion[];
  readonly customers?: readonly string[];
  /** The first is the zone's primary. */
  readonly nameServers: readonly NameServer[];
  readonly decide: (client: Client) => Decision;
}
export interface Zone {
  readonly apex: string;
  /** All that stands at a name (dotted, in small letters) for this client, not followed further; undefined where the name does not exist. */
  at(name: string, client: Client): { readonly records: readonly DnsRecord[]; readonly scope: number } | undefined;
  /** `name` as in a query (`wireName`). */
  answer(name: string, type: number, client: Client): ZoneAnswer;
}

export function openZone({ zone, regions, customers = [], nameServers, decide }: ZoneOptions): Zone {
  const apex = zone.toLowerCase().replace(/\.$/, "");
  const gateway = `gw.${apex}`;
  const list = `_atoll.${gateway}`;
  const fixed = fixedRecords(apex, nameServers);
  const clients = new Set(customers.map((name) => `${name}.${apex}`));
  const dotted = new Map([...fixed.at.keys(), gateway, list, ...clients].map((name) => [wireName(name), name]));
  const apexWire = wireName(apex);
  const answers = new ZoneAnswers({ apex, gateway, list, soa: fixed.soa });
  const named = new ZoneRegions(gateway, regions, () => answers.forget());
  named.learn();
  return {
    apex,
    at(name, client) {
      named.learn();
      if (clients.has(name)) return { records: [customerRecord(name, gateway)], scope: 0 };
      if (name === gateway) {
        const { steering, scope, ttl } = decide(client);
        return { records: [answers.leading(ttl, regionName(steering.candidates[0]!.region, gateway))], scope };
      }
      if (name === list) {
        const decision = decide(client);
        return { records: answers.listed(decision), scope: decision.scope };
      }
      const own = named.at(wireName(name));
      const records = own === undefined ? fixed.at.get(name) : regionRecords(own.owner, own.region, TTL_REST);
      return records === undefined ? undefined : { records, scope: 0 };
    },
    answer(asked, type, client) {
      named.learn();
      const name = dotted.get(asked);
      if (name === gateway || (name !== undefined && clients.has(name))) return answers.steered(name, type, decide(client));
      if (name === list) return answers.ranked(type, () => decide(client));
      const records = name === undefined ? undefined : fixed.at.get(name);
      if (name !== undefined && records !== undefined)
        return answers.plain(name, type, () => ({ records, additionals: type === TYPE.NS ? fixed.servers : [] }));
      const own = named.at(asked);
      if (own !== undefined) return answers.plain(own.owner, type, () => regionStanding(own, type));
      return isWithin(asked, apexWire) ? answers.missing(asked.length, apexWire.length) : REFUSED;
    },
  };
}

function regionStanding({ owner, region }: NamedRegion, type: number): StandingRecords {
  const records = regionRecords(owner, region, TTL_REST);
  return { records, additionals: beside(records, type) };
}

/** At a border of labels: "notatoll.test" is not within "atoll.test". */
function isWithin(name: string, zone: string): boolean {
  const begin = name.length - zone.length;
  for (let at = 0; at <= begin; at += 1 + name.charCodeAt(at)) if (at === begin) return name.endsWith(zone);
  return false;
}
