/** How `verify` meets the region (H7): what it may hold, how it advances to the common vector, and who is told what was found. */
import type { Verifier } from "../core/ports/boards.ts";
import type { PeerLink } from "../core/ports/peer-link.ts";
import type { Reader } from "../core/ports/reader.ts";
import type { StateStore } from "../core/ports/state-store.ts";
import type { Timers } from "../core/ports/time.ts";
import { coversAll } from "../core/position.ts";
import type { Committer } from "./committer.ts";
import { Convergence } from "./convergence.ts";
import type { Following } from "./following.ts";
import type { Packer } from "./packer.ts";
import type { Replica } from "./replica.ts";
import type { RegionSyncBoard } from "./sync-board.ts";
import { Barriers } from "./verify-barrier.ts";
import type { VerifiedRegion } from "./verify-host.ts";
import { VerifyHost } from "./verify-host.ts";
import { Verification } from "./verify-report.ts";

export interface VerifyingParts {
  readonly region: string;
  readonly boot: string;
  readonly link: PeerLink;
  readonly timers: Timers;
  readonly random: () => number;
  readonly nowMs: () => number;
  readonly links: RegionSyncBoard;
  readonly packer: Packer;
  readonly followings: ReadonlyMap<string, Following>;
  readonly replica: Replica;
  readonly committer: Committer;
  readonly store: StateStore;
  readonly reader: Reader;
  readonly channelOf: (channel: string) => string | undefined;
  readonly quarantined: () => number;
}

export interface Verifying extends Verifier {
  /** The replica has applied something: the barrier may have been reached. */
  applied(): void;
  close(): void;
}

export function openVerifying(parts: VerifyingParts): Verifying {
  const { link, timers, random, links, replica } = parts;
  let reached: (() => void) | undefined;
  const region: VerifiedRegion = {
    holdAll: async () => {
      for (const following of parts.followings.values()) following.hold();
      await parts.packer.hold();
      return replica.vector;
    },
    advanceTo: async (vector) => {
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (!coversAll(replica.vector, vector)) return;
          reached = undefined;
          resolve();
        };
        reached = look;
        for (const [peer, following] of parts.followings) {
          const point = vector[peer];
          if (point !== undefined) following.advanceTo(point.epoch, point.sequence);
        }
        look();
      });
      return true;
    },
    snapshot: async () => {
      await parts.committer.flush();
      return parts.store.snapshot();
    },
    releaseAll: () => {
      reached = undefined;
      for (const following of parts.followings.values()) following.release();
      parts.packer.release();
    },
    quarantined: parts.quarantined,
  };
  const convergence: Convergence = new Convergence({
    timers,
    random,
    turn: [link.region, ...link.peers].sort().indexOf(link.region),
    allLive: () => link.peers.every((peer) => links.stateOf(peer) === "live"),
    compare: () => verification.light(),
  });
  const host = new VerifyHost({
    region,
    timers,
    compared: ({ equal, digest }: { readonly equal: boolean; readonly digest: string }) => {
      convergence.compared();
      if (equal) links.setConverged(digest, parts.nowMs());
      else links.clearConverged();
    },
  });
  const barriers = new Barriers(
    { link, host, timers, reachable: (peer) => links.stateOf(peer) !== "cut-off" },
    `${parts.region}.${parts.boot}`,
  );
  const verification = new Verification({ barriers, timers, random, shownChannel: parts.reader.shownChannel, channelOf: parts.channelOf });
  const stop = convergence.start();
  return {
    verify: (options) => verification.verify(options),
    applied: () => reached?.(),
    close: () => {
      stop();
      host.close();
    },
  };
}
