/** What peers hold of a region's log: asked at start, so that a tail our own disk lost is noticed before a sequence could be used twice (L3). */
import type { PeerLink } from "../../core/ports/peer-link.ts";
import { type HeldEpoch, together } from "../../reconciliation/choose-epoch.ts";
import type { StoredLog } from "../../reconciliation/stored-log.ts";
import type { RegionConnection } from "./connection.ts";
import { listStreams } from "./jetstream-api.ts";
import { epochIn, LOCAL_API } from "./names.ts";
import { pause } from "./publish.ts";

const QUESTION = "mirror-heads";
/** Of a third region's log, named in the question. */
const QUESTION_OF = "held-of";
const API_MS = 2_000;
/** The latest so many ended epochs of a log are answered for from the store: an answer fits into a message. */
const MOST_STORED = 1_000;
const ASK_MS = 500;
const AGAIN_MS = 50;

/** Epochs of `origin`'s log that stand in this region's own JetStream, as log ("OPS") or as mirror ("MIR"). */
export async function heldHere(connection: RegionConnection, kind: "OPS" | "MIR", origin: string): Promise<readonly HeldEpoch[]> {
  const held: HeldEpoch[] = [];
  for (const { config, state } of await listStreams(connection.nats, LOCAL_API, API_MS)) {
    const epoch = epochIn(kind, origin, config.name);
    if (epoch !== undefined) held.push({ epoch, first: state.first_seq, head: state.last_seq });
  }
  return held.sort((a, b) => a.epoch - b.epoch);
}

/** `stored`: a region's log as our own store holds it, which may be more than our mirror. */
export function answerMirrorHeads(link: PeerLink, connection: RegionConnection, stored?: (origin: string) => StoredLog): void {
  link.onAsked(QUESTION, async (peer) =>
    JSON.stringify(together(await heldHere(connection, "MIR", peer), stored?.(peer).held.slice(-MOST_STORED) ?? [])),
  );
  link.onAsked(QUESTION_OF, async (_peer, origin) => JSON.stringify(await heldHere(connection, "MIR", origin)));
}

/** What each peer that answers holds of the log of a region that is gone for good. */
export async function askHolders(link: PeerLink, origin: string): Promise<ReadonlyMap<string, readonly HeldEpoch[]>> {
  const answers = new Map<string, readonly HeldEpoch[]>();
  const askOne = async (peer: string): Promise<void> => {
    try {
      answers.set(peer, parseHeld(await link.ask(peer, QUESTION_OF, origin, ASK_MS)));
    } catch {} // asked again by and by
  };
  await Promise.all(link.peers.map(askOne));
  return answers;
}

/** What each peer that can be reached within `patienceMs` holds of our log. A peer that is just starting is asked until it answers. */
export async function askMirrorHeads(link: PeerLink, patienceMs: number): Promise<ReadonlyMap<string, readonly HeldEpoch[]>> {
  const untilMs = performance.now() + patienceMs;
  const answers = new Map<string, readonly HeldEpoch[]>();
  const askOne = async (peer: string): Promise<void> => {
    for (let leftMs = patienceMs; leftMs > 0; leftMs = untilMs - performance.now()) {
      try {
        answers.set(peer, parseHeld(await link.ask(peer, QUESTION, "", Math.min(ASK_MS, leftMs))));
        return;
      } catch {
        await pause(AGAIN_MS);
      }
    }
  };
  await Promise.all(link.peers.map(askOne));
  return answers;
}

/** A peer is semi-trusted (A4): an answer of any other shape is no answer. */
function parseHeld(text: string): readonly HeldEpoch[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value) || !value.every(isHeld)) throw new Error("malformed answer");
  return value;
}
const isHeld = (value: unknown): value is HeldEpoch =>
  typeof value === "object" &&
  value !== null &&
  ["epoch", "first", "head"].every((field) => Number.isSafeInteger((value as Readonly<Record<string, unknown>>)[field]));
