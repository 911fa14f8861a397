/**
 * Opens the region's log when the region starts: looks at what the disk holds, what the store knew and what the peers kept, decides the epoch
 * (choose-epoch), writes back a lost tail from a peer or from the own store, and hands out the log (laws L1, L3; hard parts H1).
 */
import type { PeerLink } from "../../core/ports/peer-link.ts";
import type { StoredLog } from "../../reconciliation/stored-log.ts";
import { bestPeer, type Choice, chooseEpoch, type Evidence, lastKnown } from "./choose-epoch.ts";
import type { RegionConnection } from "./connection.ts";
import { type NatsEventLog, openEventLog } from "./event-log.ts";
import { askMirrorHeads, type HeldEpoch, heldHere } from "./mirror-heads.ts";
import { restoreStored, restoreTail } from "./restore-tail.ts";

const PATIENCE_MS = 2_000;
/** A region without any memory has only its peers to tell it who it was; its gateways may need seconds to dial. */
const BLANK_PATIENCE_MS = 6_000;

export interface OpenLogOptions {
  readonly connection: RegionConnection;
  readonly link: PeerLink;
  /** What the region's store has applied of the log, if there is a store. */
  readonly stored?: StoredLog;
  readonly cleanStop: boolean;
  readonly durableAcks: boolean;
  readonly wallMs: number;
  readonly replicas?: number;
  /** How long peers are asked; a region that is cut off starts after that without them (P1). */
  readonly patienceMs?: number;
}
export interface OpenedLog {
  readonly log: NatsEventLog;
  /** Earlier epochs that stand here, oldest first, to be read before the log by a store that is behind. Nobody appends to them. */
  readonly earlier: readonly NatsEventLog[];
  /** Present while the epoch is empty and not the first: its first event must be `epoch.opened` with this. */
  readonly previous?: { readonly epoch: number; readonly sequence: number };
  /** For the log line: what was decided. */
  readonly decided: Choice["kind"];
}

export async function openLog(options: OpenLogOptions): Promise<OpenedLog> {
  const { connection, link, replicas = 1 } = options;
  const origin = connection.region;
  const known = options.stored?.known;
  const held = await heldHere(connection, "OPS", origin);
  const answers = await askMirrorHeads(link, options.patienceMs ?? (held.length === 0 && !known ? BLANK_PATIENCE_MS : PATIENCE_MS));
  const refilled = await refill(options, held, answers);
  const evidence: Evidence = {
    local: refilled ? await heldHere(connection, "OPS", origin) : held,
    ...(known ? { known } : {}),
    cleanStop: options.cleanStop,
    durableAcks: options.durableAcks,
    // What was lost before an epoch was opened is fenced by it.
    fellShort: refilled && held.every(({ epoch }) => epoch <= (known?.epoch ?? 0)),
    peers: link.peers,
    answers,
    wallMs: options.wallMs,
  };
  const choice = await restored(options, evidence, chooseEpoch(evidence));
  const open = (epoch: number): Promise<NatsEventLog> => openEventLog({ connection, origin, epoch, replicas });
  const log = await open(choice.epoch);
  const below = (await heldHere(connection, "OPS", origin)).filter((held) => held.epoch < choice.epoch);
  const earlier = await Promise.all(below.map(({ epoch }) => open(epoch)));
  const previous = log.head() === 0 ? previousOf(evidence, choice) : undefined;
  return { log, earlier, decided: choice.kind, ...(previous ? { previous } : {}) };
}

/**
 * The log holds less than the store has applied of it: what peers hold of it is written back first, as it was, and from the store the rest,
 * which may be nowhere else. Resolves with whether there was anything to do.
 */
async function refill(
  { connection, stored, replicas = 1 }: OpenLogOptions,
  local: readonly HeldEpoch[],
  answers: Evidence["answers"],
): Promise<boolean> {
  const known = stored?.known;
  if (stored === undefined || known === undefined || headOf(local, known.epoch) >= known.sequence) return false;
  await writeBackAll({ connection, replicas }, { local, answers }, stored.epochs);
  const now = await heldHere(connection, "OPS", connection.region);
  for (const epoch of stored.epochs) await restoreStored({ connection, epoch, replicas }, stored.read(epoch, headOf(now, epoch)));
  return true;
}

const headOf = (held: readonly HeldEpoch[], epoch: number): number => held.find((one) => one.epoch === epoch)?.head ?? 0;

/** Writes back what peers hold above our own logs, old epochs included; a log that could not be made whole is left for a new epoch. */
async function restored({ connection, replicas = 1 }: OpenLogOptions, evidence: Evidence, choice: Choice): Promise<Choice> {
  const failed = await writeBackAll({ connection, replicas }, evidence, epochsOf(evidence));
  if (choice.kind !== "restore" || !failed.includes(choice.epoch)) return choice;
  return { kind: "new", epoch: choice.epoch + 1, previous: { epoch: choice.epoch, sequence: lastKnown(evidence, choice.epoch) } };
}

interface Where {
  readonly connection: RegionConnection;
  readonly replicas: number;
}
type Holdings = Pick<Evidence, "local" | "answers">;

/** Resolves with the epochs that a peer holds more of and that could not be written back. */
async function writeBackAll(where: Where, { local, answers }: Holdings, epochs: readonly number[]): Promise<readonly number[]> {
  const failed: number[] = [];
  for (const epoch of epochs) {
    const best = bestPeer(answers, epoch);
    const head = headOf(local, epoch);
    if (!best || best.held.head <= head) continue;
    try {
      await restoreTail({ ...where, epoch, peer: best.peer, upTo: best.held.head });
    } catch {
      failed.push(epoch);
    }
  }
  return failed;
}

/**
 * To be called when a peer that was out of reach at the start has returned: what it holds of our earlier epochs beyond our own is written back
 * there, where this region and its peers read it by the normal road. Resolves with the heads of the earlier epochs afterwards.
 */
export async function mendEarlier(
  { connection, link, replicas = 1 }: Pick<OpenLogOptions, "connection" | "link" | "replicas">,
  currentEpoch: number,
): Promise<readonly HeldEpoch[]> {
  const answers = await askMirrorHeads(link, 2_000);
  const local = await heldHere(connection, "OPS", connection.region);
  const earlier = epochsOf({ local, answers }).filter((epoch) => epoch < currentEpoch);
  await writeBackAll({ connection, replicas }, { local, answers }, earlier);
  return (await heldHere(connection, "OPS", connection.region)).filter((held) => held.epoch < currentEpoch);
}

const epochsOf = ({ local, answers }: Holdings): readonly number[] =>
  [...new Set([...local, ...[...answers.values()].flat()].map((held) => held.epoch))].sort((a, b) => a - b);

/** A crash between opening an epoch and its first event must not lose the word about the one before. */
function previousOf(evidence: Evidence, choice: Choice): OpenedLog["previous"] {
  if (choice.kind === "new") return choice.previous;
  const before = [...epochsOf(evidence), evidence.known?.epoch ?? 0].filter((epoch) => epoch > 0 && epoch < choice.epoch);
  const epoch = Math.max(0, ...before);
  return epoch === 0 ? undefined : { epoch, sequence: lastKnown(evidence, epoch) };
}
