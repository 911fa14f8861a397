/** What a region writes into its log of itself, and under which command. */
import type { ClockWitnessed, EpochOpened } from "../core/event.ts";
import type { CommandAcceptor } from "./acceptor.ts";
import type { ContentKeys } from "./stamping.ts";

type Recorded = Parameters<CommandAcceptor["record"]>;

const OF_NO_CHANNEL = { channel: null, policy: "lww", deletes: "final" } as const;

export const epochOpened = (epoch: number, previous: EpochOpened["data"]["previous"], contentOf: ContentKeys["contentOf"]): Recorded => [
  { kind: "epoch.opened", ...OF_NO_CHANNEL, data: { previous }, content: contentOf("@", { ...previous }) },
  `epoch-${epoch}`,
];

export const clockWitnessed = (data: ClockWitnessed["data"], contentOf: ContentKeys["contentOf"]): Recorded => [
  { kind: "clock.witnessed", ...OF_NO_CHANNEL, data, content: contentOf("@", { ...data }) },
  `witness-${data.origin}-${data.to}`,
];
