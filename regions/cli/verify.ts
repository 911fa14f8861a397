/** `atoll verify`: is the state of every region the same, byte for byte? Asked live, answered by digest. */
import type { VerifyReport } from "../../core/ports/boards.ts";
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";
import { askFirst, type ReachOptions, reach } from "./reach.ts";

function readable({ equal, digest, regions, differences }: VerifyReport): string {
  const lines = Object.entries(regions).map(
    ([name, { digest: one, events, why }]) =>
      `  ${name.padEnd(8)} ${one?.slice(0, 16) ?? "–".padEnd(16)}  ${events} events${why === undefined ? "" : `  ${why}`}`,
  );
  const differing = differences.slice(0, 20).map(({ channel, register, values }) => `  ${channel} ${register}: ${JSON.stringify(values)}`);
  const more = differences.length > 20 ? [`  … and ${differences.length - 20} more (--json gives all)`] : [];
  return [
    equal ? `equal: every region holds the same state (${digest?.slice(0, 16) ?? ""})` : "not equal:",
    ...lines,
    ...differing,
    ...more,
  ].join("\n");
}

/** Who hangs is not waited for as long as a large state may take. */
const ALIVE_MS = 10_000;
/** Some millions of registers. */
const VERIFY_MS = 300_000;

export const define: Define = (command, finish) => {
  command
    .option("--channel <channel>", "only this channel")
    .option("--url <url>", "ask this gateway instead of the local mesh")
    .option("--token <token>", "an operator's token, with --url")
    .addHelpText(
      "after",
      `${examples("atoll verify", "atoll verify --channel chn_us_… --json")}\n\nExit 1: it differs, or a region is behind or cut off.`,
    );
  finish(command, async ({ options }: Asked<ReachOptions & { readonly channel?: string }>) => {
    const query = options.channel === undefined ? "" : `?channel=${encodeURIComponent(options.channel)}`;
    const reached = await reach(options, "operator");
    const { gateway } = await askFirst(reached, "/v1/sync", ALIVE_MS);
    const { body } = await askFirst<VerifyReport>({ ...reached, gateways: [gateway] }, `/v1/verify${query}`, VERIFY_MS);
    return { code: body.equal ? 0 : 1, document: body, text: readable(body) };
  });
};
