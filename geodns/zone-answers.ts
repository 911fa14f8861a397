/** How each kind of name answers: the one that is steered, the ranked list, those that say the same to everybody, and those that do not exist. */
import type { Decision } from "./policy.ts";
import { TYPE } from "./wire/constants.ts";
import { type DnsRecord, encodeSections, type Sections } from "./wire/records.ts";
import { beside, portOf, regionName, regionRecords, TTL_FIXED, wanted } from "./zone-records.ts";

export interface ZoneAnswer {
  readonly rcode: "NOERROR" | "NXDOMAIN" | "REFUSED";
  readonly sections: Sections;
  /** How many bits of the client's address the answer hangs on; 0 where it hangs on none. */
  readonly scope: number;
}

/** What stands at a name, and what is sent beside an answer from it. */
export interface StandingRecords {
  readonly records: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

const NO_RECORDS: StandingRecords = { records: [], additionals: [] };
const ENCODED_MOST = 10_000;
const NOTHING: Sections = { bytes: Buffer.alloc(0), answers: 0, authorities: 0, additionals: 0, needed: 0 };

export interface AnswersParts {
  readonly apex: string;
  /** The name that is steered. */
  readonly gateway: string;
  /** The name of the ranked list. */
  readonly list: string;
  /** Says for how long there is no such record, or no such name. */
  readonly soa: DnsRecord;
}

export class ZoneAnswers {
  readonly #parts: AnswersParts;
  readonly #encoded = new Map<string, Sections>();

  constructor(parts: AnswersParts) {
    this.#parts = parts;
  }

  /** What was encoded holds no longer. */
  forget(): void {
    this.#encoded.clear();
  }

  /** The steered name, or a customer's that leads to it. */
  steered(name: string, type: number, { steering, scope, ttl }: Decision): ZoneAnswer {
    const { gateway } = this.#parts;
    const region = steering.candidates[0]!.region;
    const sections = this.#once(`${name} ${type} ${region.name} ${ttl}`, () => {
      const target = regionName(region, gateway);
      const leading = this.leading(ttl, target);
      const chain = name === gateway ? [leading] : [customerRecord(name, gateway), leading];
      if (type === TYPE.CNAME || type === TYPE.ANY) return encodeSections(name, chain.slice(0, 1), [], []);
      const there = regionRecords(target, region, ttl);
      return this.#encode(name, chain, wanted(there, type), beside(there, type));
    });
    return { rcode: "NOERROR", sections, scope: type === TYPE.CNAME && name !== gateway ? 0 : scope };
  }

  /** The steered name, as it leads to the region of this name. */
  leading(ttl: number, target: string): DnsRecord {
    return { owner: this.#parts.gateway, ttl, data: { type: "CNAME", target } };
  }

  /** All regions in the client's order. */
  ranked(type: number, decide: () => Decision): ZoneAnswer {
    const { list } = this.#parts;
    if (type !== TYPE.SVCB && type !== TYPE.ANY) return this.plain(list, type, () => NO_RECORDS);
    const decision = decide();
    const order = decision.steering.candidates.map(({ region }) => region.name).join();
    const sections = this.#once(`${list} ${order} ${decision.ttl}`, () => encodeSections(list, this.listed(decision), [], []));
    return { rcode: "NOERROR", sections, scope: decision.scope };
  }

  listed({ steering, ttl }: Decision): readonly DnsRecord[] {
    const { list, gateway } = this.#parts;
    return steering.candidates.map(({ region }, i) => ({
      owner: list,
      ttl,
      data: { type: "SVCB", priority: i + 1, target: regionName(region, gateway), port: portOf(new URL(region.url)) },
    }));
  }

  /** A name that says the same to everybody; `standing`: asked for where it has not been encoded yet. */
  plain(name: string, type: number, standing: () => StandingRecords): ZoneAnswer {
    const sections = this.#once(`${name} ${type}`, () => {
      const { records, additionals } = standing();
      return this.#encode(name, [], wanted(records, type), additionals);
    });
    return { rcode: "NOERROR", sections, scope: 0 };
  }

  /** The SOA's pointer leads to the zone's name at the end of the question. `length`: of the name as in a query; `within`: how much of it is the zone's. */
  missing(length: number, within: number): ZoneAnswer {
    const { apex, soa } = this.#parts;
    const sections = this.#once(`missing ${length}`, () => encodeSections(`${"x".repeat(length - within - 1)}.${apex}`, [], [soa], []));
    return { rcode: "NXDOMAIN", sections, scope: 0 };
  }

  /** `lead`: what leads to the name that answers. Where nothing does, the SOA says for how long. */
  #encode(name: string, lead: readonly DnsRecord[], answers: readonly DnsRecord[], additionals: readonly DnsRecord[]): Sections {
    const { soa } = this.#parts;
    return answers.length === 0 ? encodeSections(name, lead, [soa], []) : encodeSections(name, [...lead, ...answers], [], additionals);
  }

  #once(key: string, encode: () => Sections): Sections {
    const found = this.#encoded.get(key);
    if (found !== undefined) return found;
    if (this.#encoded.size >= ENCODED_MOST) this.forget();
    const sections = encode();
    this.#encoded.set(key, sections);
    return sections;
  }
}

/** A customer's name leads to the one that is steered. */
export const customerRecord = (owner: string, gateway: string): DnsRecord => ({
  owner,
  ttl: TTL_FIXED,
  data: { type: "CNAME", target: gateway },
});

export const REFUSED: ZoneAnswer = { rcode: "REFUSED", sections: NOTHING, scope: 0 };
