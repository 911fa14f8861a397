/**
 * Follows one epoch of one peer's log. Two feeders, one gate (hard parts H2):
 *   the copy   our mirror of the peer's log, read here; always on, but after a heal it can be a minute late, and no setting mends that
 *   the link   the peer's own stream, read over the gateways; only while a beat proves the copy behind, and until the copy has caught up
 * The gate takes the next sequence and nothing else, so the feeders need not know of each other: repeats, late copies and holes cannot pass.
 */
import { LIMITS } from "../../core/limits.ts";
import type { FollowOptions, PeerTail } from "../../core/ports/peer-link.ts";
import type { RegionConnection } from "./connection.ts";
import { ensureMirror, mirrorLast, stirMirror } from "./mirror.ts";
import { LOCAL_API, type LogSource, mirrorStream, peerApi } from "./names.ts";
import { pause } from "./publish.ts";
import { openPull, type Pulled } from "./pull.ts";

const API_MS = 2_000;
/** Big enough to keep a link of 80 ms full, small enough not to hurt the peer's own writers (measured). */
const LINK_BATCH = 5_000;
const LINK_WAIT_MS = 1_000;
const COPY_BATCH = 1_000;
/** Also how soon a feeder notices that our own server came back without its consumer. */
const COPY_WAIT_MS = 1_000;
/** How long a feeder rests after the gate said "full". */
const FULL_MS = 200;
const RETRY_MS = 250;
/** A beat this late means the link was silent: the pull does not wait for a second one. */
const SILENT_MS = 3 * LIMITS.beatMs;

export interface TailCounts {
  readonly pulls: number;
  readonly fromPeer: number;
  readonly failed: number;
  /** Why the newest attempt of either feeder failed. */
  readonly why: string;
}
export interface CountedTail extends PeerTail {
  counts(): TailCounts;
}

/** Where the log is read from now; undefined while nobody is known to hold it. */
export interface Sources {
  /** By our mirror, which keeps what it was made with. */
  readonly mirrored: () => LogSource | undefined;
  /** By the pull: the origin, or while that is out of reach whoever holds most of it. */
  readonly pulled: () => LogSource | undefined;
}

export function followPeer(connection: RegionConnection, options: FollowOptions, replicas: number, sources: Sources): CountedTail {
  const { peer, epoch, position, accept, gap } = options;
  let stopped = false;
  let pulling = false;
  let copyLacks = false;
  let restUntilMs = 0;
  let heardMs = Number.NEGATIVE_INFINITY;
  let lastHead = 0;
  let counts: TailCounts = { pulls: 0, fromPeer: 0, failed: 0, why: "" };
  const over = (): boolean => stopped || connection.nats.isClosed();
  const fail = (error: unknown): void => {
    counts = { ...counts, failed: counts.failed + 1, why: error instanceof Error ? error.message : String(error) };
  };
  const copyHead = (): Promise<number> => mirrorLast(connection, peer, epoch);

  const fromCopy = ({ sequence, message }: Pulled): boolean => {
    const answer = accept(sequence, message.string());
    // The consumer counted no loss, so the copy itself lacks what comes next: only the peer can say whether it is gone for good.
    copyLacks = answer === "hole";
    if (answer === "full") restUntilMs = performance.now() + FULL_MS;
    return !over() && (answer === "taken" || answer === "old");
  };
  const readCopy = async (): Promise<void> => {
    const stream = mirrorStream(peer, epoch);
    const pull = await openPull(connection.nats, { api: LOCAL_API, stream, after: position(), timeoutMs: API_MS });
    try {
      let going = true;
      while (going && !over()) {
        await pull.round({ batch: COPY_BATCH, waitMs: COPY_WAIT_MS }, (pulled) => {
          going = fromCopy(pulled);
          return going;
        });
      }
    } finally {
      pull.drop();
    }
  };
  const feedFromCopy = async (): Promise<void> => {
    while (!over()) {
      try {
        await connection.whenConnected();
        const from = sources.mirrored();
        if (from !== undefined) await ensureMirror(connection, { origin: peer, epoch, source: from, replicas });
        else if ((await copyHead()) === 0) {
          await pause(RETRY_MS);
          continue;
        }
        while (!over()) {
          await readCopy();
          await pause(copyLacks ? RETRY_MS : Math.max(0, restUntilMs - performance.now()));
        }
      } catch (error) {
        fail(error);
        await pause(RETRY_MS);
      }
    }
  };

  const fromLink = ({ sequence, message }: Pulled): boolean => {
    // The peer's stream lacks what lies between; retention has passed us by (L4).
    if (sequence > position() + 1) gap(position(), sequence);
    const answer = accept(sequence, message.string());
    if (answer === "taken") counts = { ...counts, fromPeer: counts.fromPeer + 1 };
    if (answer === "full") restUntilMs = performance.now() + FULL_MS;
    return !over() && (answer === "taken" || answer === "old");
  };
  /** Asked again at every beat without waiting for the last answer: the way out may open a second after the way in. */
  const pullTail = async (): Promise<void> => {
    if (!copyLacks && (await copyHead()) > position()) return; // the copy still has something for us
    const at = sources.pulled();
    if (at === undefined) return;
    const from = { api: peerApi(at.peer), stream: at.stream, after: position(), timeoutMs: API_MS };
    const pull = await openPull(connection.nats, from);
    if (pulling || over()) return pull.drop(); // an earlier question was answered first
    pulling = true;
    counts = { ...counts, pulls: counts.pulls + 1 };
    stirMirror(connection, peer, epoch, replicas);
    try {
      for (let mark = Number.POSITIVE_INFINITY; !over(); mark = position()) {
        const before = position();
        let refused = false;
        await pull.round({ batch: LINK_BATCH, waitMs: LINK_WAIT_MS }, (pulled) => {
          refused = !fromLink(pulled);
          return !refused;
        });
        if (refused) return;
        // Stays on, live, until the copy has all that we had a round ago: from there on it feeds the gate alone.
        const have = await copyHead();
        if (have >= mark || (before === position() && have >= before)) return;
      }
    } finally {
      pulling = false;
      pull.drop();
    }
  };
  const heard = (head: number): void => {
    const nowMs = performance.now();
    const late = lastHead > position();
    const wasSilent = nowMs - heardMs > SILENT_MS;
    heardMs = nowMs;
    lastHead = head;
    if (over() || pulling || head <= position() || nowMs < restUntilMs || !(late || wasSilent)) return;
    pullTail().catch(fail); // the next beat asks again, from the position
  };

  const feeding = feedFromCopy();
  return {
    heard,
    mirrorHead: copyHead,
    counts: () => counts,
    stop: async () => {
      stopped = true;
      await Promise.race([feeding, pause(RETRY_MS)]);
    },
  };
}
