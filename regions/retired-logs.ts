/**
 * The log of a region that is gone for good ends somewhere, and the peers hold mirrors of it, not all equally far when it died suddenly. Every
 * region asks the others how far they are and reads the rest at whoever holds most; so does a region that is added later and never knew it. And
 * one that joins while a peer is out of its reach reads that peer's history at the others: nobody waits for the other side of a cut (P1).
 */
import type { Timers } from "../core/ports/time.ts";
import { covers, type Vector } from "../core/position.ts";
import { bestPeer } from "../reconciliation/choose-epoch.ts";
import { askHolders } from "./nats/mirror-heads.ts";
import type { NatsPeerLink } from "./nats/peer-link.ts";

export interface RetiredLogsOptions {
  readonly link: NatsPeerLink;
  readonly timers: Timers;
  /** Names of the regions whose log is to be read at others: those that are gone, and those that cannot be asked themselves. */
  readonly origins: () => readonly string[];
  readonly applied: () => Vector;
  readonly heardOf: (retired: string, epoch: number, head: number) => void;
}

const LOOK_MS = 500;
/** Between two looks at a log that is here to its end. */
const REST_MS = 30_000;

export function readRetiredLogs({ link, timers, origins, applied, heardOf }: RetiredLogsOptions): () => void {
  const restsUntil = new Map<string, number>();
  let looking = false;
  let before: readonly string[] = [];

  const look = async (origin: string): Promise<void> => {
    if ((restsUntil.get(origin) ?? 0) > timers.monotonicMs()) return;
    const answers = await askHolders(link, origin);
    const epochs = [...new Set([...answers.values()].flat().map(({ epoch }) => epoch))].sort((a, b) => a - b);
    let end: { readonly epoch: number; readonly head: number } | undefined;
    for (const epoch of epochs) {
      const best = bestPeer(answers, epoch);
      if (best === undefined) continue;
      link.readAt(best.peer, origin, epoch);
      end = { epoch, head: best.held.head };
    }
    if (end !== undefined) heardOf(origin, end.epoch, end.head);
    const all = answers.size === link.peers.length;
    const isHere = end === undefined || end.head === 0 || covers(applied(), origin, { epoch: end.epoch, sequence: end.head, place: 0 });
    if (all && isHere) restsUntil.set(origin, timers.monotonicMs() + REST_MS);
  };
  const timer = timers.every(LOOK_MS, () => {
    if (looking) return;
    looking = true;
    const now = origins();
    for (const origin of before.filter((one) => !now.includes(one))) {
      link.readAtOrigin(origin);
      restsUntil.delete(origin);
    }
    before = now;
    void Promise.all(now.map(look)).finally(() => {
      looking = false;
    });
  });
  return () => timer.cancel();
}
