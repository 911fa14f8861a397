/** Puts the parts of `verify` together for one region: its side of barriers, the command, and the fact *converged*. */
import type { Verifier } from "../core/ports/boards.ts";
import type { PeerLink } from "../core/ports/peer-link.ts";
import type { Timers } from "../core/ports/time.ts";
import { Convergence } from "./convergence.ts";
import type { RegionSyncBoard } from "./sync-board.ts";
import { Barriers } from "./verify-barrier.ts";
import type { VerifiedRegion } from "./verify-host.ts";
import { VerifyHost } from "./verify-host.ts";
import { Verification } from "./verify-report.ts";

export interface OpenVerification {
  readonly link: Pick<PeerLink, "region" | "peers" | "ask" | "onAsked">;
  readonly timers: Timers;
  readonly random: () => number;
  readonly nowMs: () => number;
  /** Names this life of the process: [A-Za-z0-9_-]. */
  readonly boot: string;
  readonly board: Pick<RegionSyncBoard, "stateOf" | "allLive" | "setConverged" | "clearConverged">;
  readonly region: VerifiedRegion;
  readonly shownChannel: (identity: string) => string;
  readonly channelOf?: (channel: string) => string | undefined;
}

export interface OpenedVerification {
  readonly verifier: Verifier;
  /** Begins to keep *converged*; returns what ends it. */
  start(): () => void;
  /** Ends a barrier that stands here. */
  close(): void;
}

export function openVerification(options: OpenVerification): OpenedVerification {
  const { link, timers, random, nowMs, boot, board, region, ...names } = options;
  const host = new VerifyHost({
    region,
    timers,
    compared: ({ equal, digest }) => {
      if (equal) board.setConverged(digest, nowMs());
      else board.clearConverged();
      convergence.compared();
    },
  });
  const reachable = (peer: string): boolean => board.stateOf(peer) !== "cut-off";
  const barriers = new Barriers({ link, host, timers, reachable }, `${link.region}.${boot}`);
  const verification = new Verification({ barriers, timers, random, ...names });
  const turn = [link.region, ...link.peers].sort().indexOf(link.region);
  const convergence = new Convergence({ timers, random, turn, allLive: () => board.allLive(), compare: () => verification.light() });
  return { verifier: verification, start: () => convergence.start(), close: () => host.close() };
}
