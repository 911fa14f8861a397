/** The same policy for whoever asks over HTTP or the WebSocket: the ranked list with which a client can move without DNS. */
import ipaddr from "ipaddr.js";
import { Refusal } from "../core/errors.ts";
import type { RegionRanking } from "../core/ports/boards.ts";
import { rankRegions } from "./policy.ts";
import type { GeoRegion, HealthView } from "./region.ts";

/** The address as policy takes it: IPv4 in IPv6 is IPv4. Undefined when the text is no address; "1" and "0x7f.1" are none here. */
export function readAddress(text: string): string | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && (text.includes("%") || !ipaddr.IPv6.isValid(text))) return undefined;
  return ipaddr.process(text).toString();
}

export const openRanking = (options: { readonly regions: readonly GeoRegion[]; readonly health: () => HealthView }): RegionRanking => ({
  rank: (given) => {
    const ip = given === undefined ? undefined : readAddress(given);
    if (given !== undefined && ip === undefined)
      throw new Refusal("invalid", `ip is no IPv4 or IPv6 address: ${JSON.stringify(given.slice(0, 60))}`);
    return rankRegions({ client: ip === undefined ? {} : { ip }, regions: options.regions, health: options.health() });
  },
});
