/** `atoll conflicts`: the conflict log, readable: what stood against what, who won, by which rule. */
import type { Conflict, Version } from "../../core/objects.ts";
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";
import { askFirst, onlyRegion, type Reached, type ReachOptions, reach, reachAll } from "./reach.ts";

interface Options extends ReachOptions {
  readonly channel?: string;
  readonly region?: string;
}

async function all(reached: Reached, channel: string | undefined): Promise<readonly Conflict[]> {
  const items: Conflict[] = [];
  let from = reached;
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query = new URLSearchParams({
      limit: "500",
      ...(channel === undefined ? {} : { channel }),
      ...(cursor === "" ? {} : { cursor }),
    });
    const { gateway, body }: { gateway: Reached["gateways"][number]; body: { items: readonly Conflict[]; next: string | null } } =
      await askFirst(from, `/v1/conflicts?${query}`);
    from = { ...reached, gateways: [gateway] }; // a cursor belongs to the region that gave it
    items.push(...body.items);
    cursor = body.items.length === 0 ? null : body.next;
  }
  return items;
}

const said = ({ kind, value, author, origin, distrusted }: Version): string => {
  const words = kind === "deleted" ? "deleted it" : JSON.stringify(value);
  return `${author} in ${origin}: ${words}${distrusted === true ? " (clock distrusted)" : ""}`;
};

function readable({ id, register, rule, reason, versions, winner, losers, text, state }: Conflict): string {
  const where = [register.kind, register.channel, register.message, register.field].filter(Boolean).join(" ");
  const won = rule === "merge" ? "    " : "won ";
  const lines = versions.map(
    (version) => `  ${version.stamp === winner ? won : losers.includes(version.stamp) ? "lost" : "    "} ${said(version)}`,
  );
  const merged = text === undefined ? [] : [`  now  ${JSON.stringify(text)}`];
  return [`${id}  ${where}  ${state}`, ...lines, ...merged, `  by ${rule}: ${reason}`].join("\n");
}

export const define: Define = (command, finish) => {
  command
    .option("--channel <channel>", "only this channel")
    .option("--region <region>", "as this region tells it (default: the first that answers)")
    .option("--url <url>", "ask this gateway instead of the local mesh")
    .option("--token <token>", "an auditor's token, with --url")
    .addHelpText("after", examples("atoll conflicts", "atoll conflicts --channel chn_us_… --region eu --json"));
  finish(command, async ({ options }: Asked<Options>) => {
    const reached =
      options.region === undefined ? await reach(options, "auditor") : onlyRegion(await reachAll(options, "auditor"), options.region);
    const items = await all(reached, options.channel);
    return { code: 0, document: { items }, text: items.length === 0 ? "no conflicts" : items.map(readable).join("\n\n") };
  });
};
