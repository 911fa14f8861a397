/** The operator's word, which beats every database: clients of a network, an ASN, a subdivision or a country go to these regions first. */
import { type Network, networkText, readNetwork } from "./address.ts";
import type { Client } from "./client.ts";
import { PrefixTree } from "./prefix-tree.ts";

export type Match =
  | { readonly by: "network"; readonly network: Network }
  | { readonly by: "asn"; readonly asn: number }
  | { readonly by: "subdivision"; readonly subdivision: string }
  | { readonly by: "country"; readonly country: string };

export interface Override {
  readonly match: Match;
  /** First to last; never empty. */
  readonly regions: readonly string[];
}

/** "198.51.100.0/24", "AS64500", "US-CA", "US". Undefined when it is none of these. */
export function readMatch(text: string): Match | undefined {
  const asn = /^AS(\d{1,10})$/i.exec(text)?.[1];
  if (asn !== undefined) return Number(asn) <= 0xffff_ffff ? { by: "asn", asn: Number(asn) } : undefined;
  if (/^[A-Za-z]{2}$/.test(text)) return { by: "country", country: text.toUpperCase() };
  if (/^[A-Za-z]{2}-[A-Za-z0-9]{1,3}$/.test(text)) return { by: "subdivision", subdivision: text.toUpperCase() };
  const network = readNetwork(text);
  return network === undefined ? undefined : { by: "network", network };
}

/** The one way to write a match: what `readMatch` reads again. */
export function matchText(match: Match): string {
  switch (match.by) {
    case "network":
      return networkText(match.network);
    case "asn":
      return `AS${match.asn}`;
    case "subdivision":
      return match.subdivision;
    case "country":
      return match.country;
  }
}

export interface OverrideTable {
  readonly all: readonly Override[];
  /** The most particular one for this client, and how many bits of the address that hangs on. */
  find(client: Client): { readonly override: Override | undefined; readonly bits: number };
}

export function openOverrides(all: readonly Override[]): OverrideTable {
  const networks = new PrefixTree<Override>();
  const named = new Map<string, Override>();
  for (const override of all) {
    if (override.match.by === "network") networks.put(override.match.network, override);
    else named.set(matchText(override.match), override);
  }
  return {
    all,
    find: ({ address, place }) => {
      if (address === undefined || all.length === 0) return { override: undefined, bits: 0 };
      const { value, bits } = networks.find(address);
      if (value !== undefined || place === undefined || named.size === 0) return { override: value, bits };
      const { asn, country, subdivision } = place;
      const override =
        (asn === undefined ? undefined : named.get(`AS${asn}`)) ??
        (subdivision === undefined ? undefined : named.get(`${country}-${subdivision}`)) ??
        (country === undefined ? undefined : named.get(country));
      return { override, bits: Math.max(bits, place.bits) };
    },
  };
}
