/** Names of receivers, asked of the name servers themselves: neither the machine's own table of hosts nor its search domains have a say. */
import { Resolver } from "node:dns/promises";

const TIMEOUT_MS = 1_000;

/** `servers`: address[:port] of the name servers; those of the machine when absent. */
export function openResolve(servers?: readonly string[]): (name: string) => Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  return async (name) => {
    if (name === "localhost") return ["127.0.0.1"];
    const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const addresses = found.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    if (addresses.length === 0) throw new Error("no address");
    return addresses;
  };
}
