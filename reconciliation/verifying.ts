/** How `verify` meets the region (H7): where it branches off, how it gets to the common vector, and who is told what was found. */
import type { Verifier } from "../core/ports/boards.ts";
import type { PeerLink } from "../core/ports/peer-link.ts";
import type { Reader } from "../core/ports/reader.ts";
import type { StateStore } from "../core/ports/state-store.ts";
import type { Timers } from "../core/ports/time.ts";
import type { Vector } from "../core/position.ts";
import { coversAll } from "../core/position.ts";
import type { Committer } from "./committer.ts";
import { Convergence } from "./convergence.ts";
import type { Replica } from "./replica.ts";
import type { RegionSyncBoard } from "./sync-board.ts";
import { Barriers } from "./verify-barrier.ts";
import type { Step } from "./verify-branch.ts";
import { Branch } from "./verify-branch.ts";
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
  readonly replica: Replica;
  readonly committer: Committer;
  readonly store: StateStore;
  readonly reader: Reader;
  readonly channelOf: (channel: string) => string | undefined;
  readonly quarantined: () => number;
}

export interface Verifying extends Verifier {
  /** The replica has taken this step: the barrier may have been reached, and the branch takes it too if it lies below. */
  took(step: Step): void;
  close(): void;
}

export function openVerifying(parts: VerifyingParts): Verifying {
  const { link, timers, random, links, replica } = parts;
  let reached: (() => void) | undefined;
  let branch: Branch | undefined;
  let target: Vector = {};
  const region: VerifiedRegion = {
    holdAll: async () => {
      const mine = new Branch(parts.store);
      branch = mine;
      await parts.committer.flush();
      mine.begin();
      return replica.vector;
    },
    advanceTo: async (vector) => {
      target = vector;
      await new Promise<void>((resolve) => {
        reached = () => {
          if (!coversAll(replica.vector, vector)) return;
          reached = undefined;
          resolve();
        };
        reached();
      });
      return true;
    },
    snapshot: async () => {
      const mine = branch;
      branch = undefined;
      if (mine === undefined) throw new Error("no branch has been made");
      return mine.at(target, parts.region, () => new Promise((resolve) => timers.after(0, resolve)));
    },
    releaseAll: () => {
      reached = undefined;
      branch?.close();
      branch = undefined;
    },
    quarantined: parts.quarantined,
  };
  const convergence: Convergence = new Convergence({
    timers,
    random,
    get turn() {
      return [link.region, ...link.peers].sort().indexOf(link.region);
    },
    allUp: () => links.allUp(),
    compare: () => verification.light(),
  });
  const host = new VerifyHost({
    region,
    timers,
    compared: ({ equal, digest, sumsMs }) => {
      convergence.compared(sumsMs);
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
    took: (step) => {
      branch?.take(step);
      reached?.();
    },
    close: () => {
      stop();
      host.close();
    },
  };
}
