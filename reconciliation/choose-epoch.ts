/**
 * Which epoch of its log a region may write to when it starts (laws L1, L3; hard parts H1). A sequence that anybody may have seen is never used
 * for something else: mirrors that are ahead of their origin would never notice. So the log goes on only where nothing can be missing from it;
 * else a new epoch begins, as waiting for peers is not allowed (P1). Pure: the evidence comes in, a decision goes out.
 */

/** What two hold together of a log: of each epoch the longer. */
export const together = (some: readonly HeldEpoch[], others: readonly HeldEpoch[]): readonly HeldEpoch[] =>
  [...new Set([...some, ...others].map(({ epoch }) => epoch))]
    .sort((a, b) => a - b)
    .flatMap((epoch) =>
      [...some, ...others]
        .filter((held) => held.epoch === epoch)
        .sort((a, b) => b.head - a.head)
        .slice(0, 1),
    );

/** One epoch of a log as somebody holds it: messages `first` to `head`; `head` 0 when empty. */
export interface HeldEpoch {
  readonly epoch: number;
  readonly first: number;
  readonly head: number;
}

export interface Evidence {
  /** Our own streams. */
  readonly local: readonly HeldEpoch[];
  /** The last own position that this region's store had applied, if the store is there. */
  readonly known?: { readonly epoch: number; readonly sequence: number };
  /** The last epoch that the store knows to be opened, though it may have applied nothing of it. */
  readonly opened?: number;
  /** The region's last run ended in order. */
  readonly cleanStop: boolean;
  /** The server keeps what it acknowledges through a power failure. */
  readonly durableAcks: boolean;
  /** The log held less than the store had applied of it: whatever was promised of acks, it has lost some that people may have seen. */
  readonly fellShort?: boolean;
  /** All peers there are, and what those that answered hold of our log. */
  readonly peers: readonly string[];
  readonly answers: ReadonlyMap<string, readonly HeldEpoch[]>;
  readonly wallMs: number;
}

export type Choice =
  /** Nothing is missing: go on. */
  | { readonly kind: "same"; readonly epoch: number }
  /** Go on once what `peer` holds above our own head is written back at the same sequences. */
  | { readonly kind: "restore"; readonly epoch: number; readonly peer: string }
  /** `previous` is absent only when this is the first log the region ever had, as far as anybody can tell. */
  | { readonly kind: "new"; readonly epoch: number; readonly previous?: { readonly epoch: number; readonly sequence: number } };

/** Hours since 2026 began: above every epoch that was counted up, and it grows by itself. */
const epochByTime = (wallMs: number): number => Math.floor((wallMs - Date.UTC(2026, 0, 1)) / 3_600_000);

export function chooseEpoch(evidence: Evidence): Choice {
  const { local, known, opened = 0, answers, peers } = evidence;
  const allAnswered = peers.every((peer) => answers.has(peer));
  const ownEpoch = Math.max(opened, known?.epoch ?? 0, ...local.map((held) => held.epoch));
  const seenEpoch = Math.max(ownEpoch, ...[...answers.values()].flat().map((held) => held.epoch));
  if (seenEpoch === 0) return { kind: "new", epoch: allAnswered ? 1 : Math.max(1, epochByTime(evidence.wallMs)) };

  const here = local.find((held) => held.epoch === seenEpoch);
  const best = bestPeer(answers, seenEpoch);
  const wanted = lastKnown(evidence, seenEpoch);
  const head = here?.head ?? 0;
  // An epoch no store and no stream of ours has heard of: peers out of reach may know of a later one still.
  const next = allAnswered || seenEpoch === ownEpoch ? seenEpoch + 1 : Math.max(seenEpoch + 1, epochByTime(evidence.wallMs));
  const anew: Choice = { kind: "new", epoch: next, previous: { epoch: seenEpoch, sequence: wanted } };
  if (here && head >= wanted) {
    const nothingLost = evidence.cleanStop || (evidence.fellShort !== true && (evidence.durableAcks || allAnswered));
    return nothingLost ? { kind: "same", epoch: seenEpoch } : anew;
  }
  const reaches = best !== undefined && best.held.head >= wanted && best.held.first <= head + 1;
  return allAnswered && reaches ? { kind: "restore", epoch: seenEpoch, peer: best.peer } : anew;
}

/** The last sequence of an epoch that anybody within reach knows of. */
export const lastKnown = ({ local, known, answers }: Evidence, epoch: number): number =>
  Math.max(
    known?.epoch === epoch ? known.sequence : 0,
    ...[...local, ...[...answers.values()].flat()].filter((held) => held.epoch === epoch).map((held) => held.head),
  );

/** Who holds most of an epoch. */
export function bestPeer(
  answers: ReadonlyMap<string, readonly HeldEpoch[]>,
  epoch: number,
): { readonly peer: string; readonly held: HeldEpoch } | undefined {
  let best: { readonly peer: string; readonly held: HeldEpoch } | undefined;
  for (const [peer, epochs] of answers) {
    for (const held of epochs) if (held.epoch === epoch && (!best || held.head > best.held.head)) best = { peer, held };
  }
  return best;
}
