/** `atoll regions explain`: which region a client at an address is sent to, and why. */
import type { RankedRegion } from "../../core/objects.ts";
import { Stop } from "./answer.ts";
import type { Asked, Define } from "./define.ts";
import { examples, needed } from "./define.ts";
import { askFirst, type ReachOptions, reach } from "./reach.ts";
import { defineMembership } from "./regions-membership.ts";
import { defineOrders } from "./regions-orders.ts";

interface Ranked {
  readonly items: readonly RankedRegion[];
  readonly scope: number;
  readonly ttl: number;
}

export const define: Define = (command, finish) => {
  const explain = command
    .command("explain")
    .description("The order of regions for a client at this address, and why.")
    .option("--ip <address>", "the client's address, IPv4 or IPv6")
    .option("--url <url>", "ask this gateway instead of the local mesh")
    .option("--token <token>", "a token, with --url")
    .addHelpText("after", examples("atoll regions explain --ip 198.51.100.7"));
  command.addHelpText("after", examples("atoll regions explain --ip 198.51.100.7"));
  defineMembership(command, finish);
  defineOrders(command, finish);
  finish(explain, async ({ options }: Asked<ReachOptions & { readonly ip?: string }>) => {
    const { isIP } = await import("node:net");
    const ip = needed(options.ip, "--ip <address>");
    if (isIP(ip) === 0) throw new Stop(2, `--ip ${ip} is no address`);
    const { body } = await askFirst<Ranked>(await reach(options, "operator"), `/v1/regions?ip=${encodeURIComponent(ip)}`);
    const lines = body.items.map(
      ({ name, url, state, why }, i) => `${i + 1}. ${name.padEnd(8)} ${url.padEnd(28)} ${state.padEnd(10)} ${why}`,
    );
    return {
      code: 0,
      document: { regions: body.items, scope: body.scope, ttl: body.ttl },
      text: [...lines, `the answer holds for the client's first ${body.scope} bits, for ${body.ttl} s`].join("\n"),
    };
  });
};
