/** `atoll status`: every region as it sees itself and its peers. A region that does not answer is shown as such, not left out. */
import { setTimeout as pause } from "node:timers/promises";
import { Stop } from "./answer.ts";
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";
import { ask, type Gateway, noneAnswers, type ReachOptions, reachAll } from "./reach.ts";
import { type RegionStatus, readable, type SyncAnswer } from "./status-words.ts";

const ANSWER_MS = 5_000;

async function statusOf(gateway: Gateway, token: string): Promise<RegionStatus> {
  const told = await ask<SyncAnswer>(gateway, "/v1/sync", token, ANSWER_MS);
  if (told.ok) return { ...told.body, url: gateway.url };
  return {
    region: gateway.name,
    url: gateway.url,
    state: "unreachable",
    why: told.why,
    at: new Date().toISOString(),
    peers: [],
    converged: null,
    connections: null,
    clockSkewMs: null,
    quarantined: null,
    degraded: [],
  };
}

export const define: Define = (command, finish) => {
  command
    .option("--watch", "show it again every second until Ctrl-C")
    .option("--url <url>", "ask this gateway instead of the local mesh")
    .option("--token <token>", "a token of that mesh, with --url")
    .addHelpText(
      "after",
      `${examples("atoll status", "atoll status --watch", "atoll status --json | jq '.regions[].state'")}\n\nExit 1: a region does not answer or is cut off.`,
    );
  finish(command, async ({ options, json, io }: Asked<ReachOptions & { readonly watch?: boolean }>) => {
    if (options.watch === true && json) throw new Stop(2, "--watch never ends, --json is one document: choose one");
    const reached = await reachAll(options, "operator");
    const { gateways } = reached;
    for (;;) {
      const regions = await Promise.all(gateways.map((gateway) => statusOf(gateway, reached.token)));
      if (options.watch === true) {
        io.out(`${io.isTerminal ? "\u001b[2J\u001b[H" : ""}${readable(regions)}\n`);
        await pause(1_000);
        continue;
      }
      if (regions.every(({ state }) => state === "unreachable"))
        throw noneAnswers(
          reached,
          regions.map(({ region, why }) => `${region}: ${why}`),
        );
      const well = regions.every(({ state }) => state !== "unreachable" && state !== "cut-off");
      return { code: well ? 0 : 1, document: { regions }, text: readable(regions) };
    }
  });
};
