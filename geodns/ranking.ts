/** The same policy for whoever asks over HTTP or the WebSocket: the ranked list with which a client can move without DNS. */
import { Refusal } from "../core/errors.ts";
import type { RegionRanking } from "../core/ports/boards.ts";
import { addressBytes } from "./address.ts";
import { clientAt, type Locate } from "./client.ts";
import { type Decision, decide, inWords } from "./policy.ts";
import type { World } from "./steering.ts";

export interface RankingOptions {
  readonly world: () => World;
  readonly locate: Locate;
  readonly decided?: (decision: Decision) => void;
}

export const openRanking = ({ world, locate, decided }: RankingOptions): RegionRanking => ({
  rank: (given) => {
    const address = given === undefined ? undefined : addressBytes(given);
    if (given !== undefined && address === undefined)
      throw new Refusal("invalid", `ip is no IPv4 or IPv6 address: ${JSON.stringify(given.slice(0, 60))}`);
    const decision = decide(world(), clientAt(address, locate));
    decided?.(decision);
    return inWords(decision);
  },
});
