/**
 * Opens the region's log when the region starts: looks at what the disk holds, what the store knew and what the peers kept, decides the epoch
 * (choose-epoch), writes back a lost tail from a peer or from the own store, and hands out the log (laws L1, L3; hard parts H1).
 */
import type { EventLog, LogMessage } from "../core/ports/event-log.ts";
import { bestPeer, type Choice, chooseEpoch, type Evidence, type HeldEpoch, lastKnown } from "./choose-epoch.ts";
import type { StoredLog } from "./stored-log.ts";

/** The region's log server and what its peers hold of the log, as they are found at a start. */
export interface LogShelf<L extends EventLog = EventLog> {
  /** Epochs of the own log that stand here, oldest first. */
  held(): Promise<readonly HeldEpoch[]>;
  /** What each peer that answers within `patienceMs` holds of it, in its mirror or its store. */
  answers(patienceMs: number): Promise<ReadonlyMap<string, readonly HeldEpoch[]>>;
  /** Writes back what the peer holds beyond our head, at the same sequences. Rejects when it is not all of it up to `upTo`; what was written stays. */
  restoreFrom(peer: string, epoch: number, upTo: number): Promise<unknown>;
  /** The same of messages that go on right after our head. */
  restore(epoch: number, messages: Iterable<LogMessage>): Promise<unknown>;
  open(epoch: number): Promise<L>;
}

export interface LogOpening<L extends EventLog> {
  readonly shelf: LogShelf<L>;
  /** All peers there are. */
  readonly peers: readonly string[];
  /** What the region's store has applied of the log, if there is a store. */
  readonly stored?: StoredLog;
  readonly cleanStop: boolean;
  readonly durableAcks: boolean;
  readonly wallMs: number;
  /** How long peers are asked; a region that is cut off starts after that without them (P1). */
  readonly patienceMs?: number;
}
export interface OpenedLog<L extends EventLog = EventLog> {
  readonly log: L;
  /** Earlier epochs that stand here, oldest first, to be read before the log by a store that is behind. Nobody appends to them. */
  readonly earlier: readonly L[];
  /** Present while the epoch is empty and not the first: its first event must be `epoch.opened` with this. */
  readonly previous?: { readonly epoch: number; readonly sequence: number };
  /** For the log line: what was decided. */
  readonly decided: Choice["kind"];
}

const PATIENCE_MS = 2_000;
/** A region without any memory has only its peers to tell it who it was; its gateways may need seconds to dial. */
const BLANK_PATIENCE_MS = 6_000;

export async function openLog<L extends EventLog>(opening: LogOpening<L>): Promise<OpenedLog<L>> {
  const { shelf, stored, cleanStop, durableAcks, peers, wallMs } = opening;
  const known = stored?.known;
  const held = await shelf.held();
  const answers = await shelf.answers(opening.patienceMs ?? (held.length === 0 && !known ? BLANK_PATIENCE_MS : PATIENCE_MS));
  const refilled = await refill(shelf, stored, { local: held, answers });
  const evidence: Evidence = {
    local: refilled ? await shelf.held() : held,
    ...(known ? { known } : {}),
    ...(stored?.opened === undefined ? {} : { opened: stored.opened }),
    cleanStop,
    durableAcks,
    // What was lost before an epoch was opened is fenced by it.
    fellShort: refilled && held.every(({ epoch }) => epoch <= (known?.epoch ?? 0)),
    peers,
    answers,
    wallMs,
  };
  const choice = await restored(shelf, evidence, chooseEpoch(evidence));
  if (stored !== undefined && stored.opened !== choice.epoch) await stored.opens(choice.epoch);
  const log = await shelf.open(choice.epoch);
  const below = (await shelf.held()).filter(({ epoch }) => epoch < choice.epoch);
  const earlier = await Promise.all(below.map(({ epoch }) => shelf.open(epoch)));
  const previous = log.head() === 0 ? previousOf(evidence, choice) : undefined;
  return { log, earlier, decided: choice.kind, ...(previous ? { previous } : {}) };
}

/**
 * The log holds less than the store has applied of it: what peers hold of it is written back first, as it was, and from the store the rest,
 * which may be nowhere else. Resolves with whether there was anything to do.
 */
async function refill(shelf: LogShelf, stored: StoredLog | undefined, holdings: Holdings): Promise<boolean> {
  const known = stored?.known;
  if (stored === undefined || known === undefined || headOf(holdings.local, known.epoch) >= known.sequence) return false;
  const epochs = stored.held.map(({ epoch }) => epoch);
  await writeBackAll(shelf, holdings, epochs);
  const now = await shelf.held();
  for (const epoch of epochs) await shelf.restore(epoch, stored.read(epoch, headOf(now, epoch)));
  return true;
}

const headOf = (held: readonly HeldEpoch[], epoch: number): number => held.find((one) => one.epoch === epoch)?.head ?? 0;

/** Writes back what peers hold above our own logs, old epochs included; a log that could not be made whole is left for a new epoch. */
async function restored(shelf: LogShelf, evidence: Evidence, choice: Choice): Promise<Choice> {
  const failed = await writeBackAll(shelf, evidence, epochsOf(evidence));
  if (choice.kind !== "restore" || !failed.includes(choice.epoch)) return choice;
  return { kind: "new", epoch: choice.epoch + 1, previous: { epoch: choice.epoch, sequence: lastKnown(evidence, choice.epoch) } };
}

type Holdings = Pick<Evidence, "local" | "answers">;

/** Resolves with the epochs that a peer holds more of and that could not be written back. */
async function writeBackAll(shelf: LogShelf, { local, answers }: Holdings, epochs: readonly number[]): Promise<readonly number[]> {
  const failed: number[] = [];
  for (const epoch of epochs) {
    const best = bestPeer(answers, epoch);
    if (!best || best.held.head <= headOf(local, epoch)) continue;
    try {
      await shelf.restoreFrom(best.peer, epoch, best.held.head);
    } catch {
      failed.push(epoch);
    }
  }
  return failed;
}

/**
 * To be called when a peer that was out of reach at the start has returned: what it holds of our earlier epochs beyond our own is written back
 * there, where this region and its peers read it by the normal road. Resolves with the earlier epochs as they stand afterwards, and whether nobody
 * who answered holds more.
 */
export async function mendEarlier(
  shelf: LogShelf,
  currentEpoch: number,
): Promise<{ readonly earlier: readonly HeldEpoch[]; readonly isWhole: boolean }> {
  const answers = await shelf.answers(PATIENCE_MS);
  const local = await shelf.held();
  const earlier = epochsOf({ local, answers }).filter((epoch) => epoch < currentEpoch);
  const failed = await writeBackAll(shelf, { local, answers }, earlier);
  return { earlier: (await shelf.held()).filter((held) => held.epoch < currentEpoch), isWhole: failed.length === 0 };
}

const epochsOf = ({ local, answers }: Holdings): readonly number[] =>
  [...new Set([...local, ...[...answers.values()].flat()].map((held) => held.epoch))].sort((a, b) => a - b);

/** A crash between opening an epoch and its first event must not lose the word about the one before. */
function previousOf(evidence: Evidence, choice: Choice): OpenedLog["previous"] {
  if (choice.kind === "new") return choice.previous;
  const before = [...epochsOf(evidence), evidence.known?.epoch ?? 0, evidence.opened ?? 0].filter(
    (epoch) => epoch > 0 && epoch < choice.epoch,
  );
  const epoch = Math.max(0, ...before);
  return epoch === 0 ? undefined : { epoch, sequence: lastKnown(evidence, epoch) };
}
