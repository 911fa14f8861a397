/** The way to the peers, over core NATS and the gateways: beats, small news, questions, and their logs. Nothing that matters rides on it alone. */
import { headers, type Msg } from "nats";
import type { FollowOptions, PeerLink } from "../../core/ports/peer-link.ts";
import type { StoredLog } from "../../reconciliation/stored-log.ts";
import type { RegionConnection } from "./connection.ts";
import { answerMirrorHeads } from "./mirror-heads.ts";
import { askedSubject, atHolder, atOrigin, beatSubject, type LogSource, lastToken, mirrorStream, toldSubject } from "./names.ts";
import { type CountedTail, followPeer } from "./peer-tail.ts";
import { answerStored } from "./stored-messages.ts";

/** Carries the words of an answerer that failed, so that the asker need not wait for its time to end. */
const FAILED = "Atoll-Failed";

export interface PeerLinkOptions {
  readonly connection: RegionConnection;
  readonly peers: readonly string[];
  /** Of our mirrors: 1, or 3 with three JetStream servers. */
  readonly replicas?: number;
  /** A region's log as our own store holds it: what its region may have lost, and our mirror too. */
  readonly stored?: (origin: string) => StoredLog;
}
export interface NatsPeerLink extends PeerLink {
  follow(options: FollowOptions): CountedTail;
  /** Who the peers are now: only they are heard and answered. */
  regroup(peers: readonly string[]): void;
  /** An epoch of a region that is gone for good, or out of reach, is read at this peer from now on. */
  readAt(holder: string, origin: string, epoch: number): void;
  /** A region's log is read where it is written again. */
  readAtOrigin(origin: string): void;
}

/**
 * Its connection is its own, and closed with it: bulk that comes in from peers should not stand before the region's own appends.
 * Answers `mirror-heads` from the start, so that a peer that comes back can ask what we hold of it before anything else runs.
 */
export function openPeerLink({ connection, peers, replicas = 1, stored }: PeerLinkOptions): NatsPeerLink {
  const { nats, region } = connection;
  let present = peers;
  /** Origin -> name of our mirror -> where that epoch is read. */
  const holders = new Map<string, Map<string, LogSource>>();
  const heldAt = (origin: string, epoch: number): LogSource | undefined => holders.get(origin)?.get(mirrorStream(origin, epoch));
  /** A mirror keeps the source it was made with for good, so that of a peer is made at its origin also while that is out of reach. */
  const mirrored = (origin: string, epoch: number): LogSource | undefined =>
    present.includes(origin) ? atOrigin(origin, epoch) : heldAt(origin, epoch);
  const pulled = (origin: string, epoch: number): LogSource | undefined => heldAt(origin, epoch) ?? mirrored(origin, epoch);
  const tails = new Set<CountedTail>();
  const hear = (subject: string, listener: (peer: string, message: Msg) => void): void => {
    nats.subscribe(subject, {
      callback: (error, message) => {
        const peer = error ? "" : lastToken(message.subject);
        if (present.includes(peer)) listener(peer, message);
      },
    });
  };
  /** What would wait for our own server to come back would arrive as old news in one burst. */
  const say = (subject: string, text: string): void => {
    if (connection.connected()) nats.publish(subject, text);
  };
  const answerWith = async (message: Msg, answer: () => Promise<string>): Promise<void> => {
    try {
      message.respond(await answer());
    } catch (error) {
      const fields = headers();
      fields.set(FAILED, (error instanceof Error ? error.message : String(error)).replaceAll(/[\r\n]+/g, " "));
      if (!nats.isClosed()) message.respond("", { headers: fields });
    }
  };

  const link: NatsPeerLink = {
    region,
    get peers() {
      return present;
    },
    regroup: (now) => {
      present = now;
    },
    readAt: (holder, origin, epoch) => {
      const epochs = holders.get(origin) ?? new Map<string, LogSource>();
      holders.set(origin, epochs.set(mirrorStream(origin, epoch), atHolder(holder, origin, epoch)));
    },
    readAtOrigin: (origin) => void holders.delete(origin),
    follow: (options) => {
      const tail = followPeer(connection, options, replicas, {
        mirrored: () => mirrored(options.peer, options.epoch),
        pulled: () => pulled(options.peer, options.epoch),
      });
      tails.add(tail);
      const stop = async (): Promise<void> => {
        tails.delete(tail);
        await tail.stop();
      };
      return { ...tail, stop };
    },
    beat: (text) => say(beatSubject(region), text),
    onBeat: (listener) => hear(beatSubject("*"), (peer, message) => listener(peer, message.string())),
    tell: (topic, text) => say(toldSubject(topic, region), text),
    onTold: (topic, listener) => hear(toldSubject(topic, "*"), (peer, message) => listener(peer, message.string())),
    ask: async (peer, question, text, timeoutMs) => {
      const reply = await nats.request(askedSubject(peer, question, region), text, { timeout: timeoutMs });
      if (reply.headers?.has(FAILED)) throw new Error(`${peer} could not answer ${question}: ${reply.headers.get(FAILED)}`);
      return reply.string();
    },
    onAsked: (question, answer) =>
      hear(askedSubject(region, question, "*"), (peer, message) => void answerWith(message, () => answer(peer, message.string()))),
    close: async () => {
      await Promise.all([...tails].map((tail) => tail.stop()));
      await connection.close();
    },
  };
  answerMirrorHeads(link, connection, stored);
  if (stored !== undefined) answerStored(link, stored);
  return link;
}
