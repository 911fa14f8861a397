/**
 * A region, assembled: the one place that knows how its parts meet. Production and the simulator open it with the same words and other ports.
 */

import type { ChainHead } from "../core/audit-chain.ts";
import { channelIdentity } from "../core/commands/standing.ts";
import type { Reader } from "../core/ports/reader.ts";
import { AuditAnchors } from "./audit-anchors.ts";
import { closedTimes } from "./closed-times.ts";
import { DocumentCheckpoints } from "./document-checkpoints.ts";
import { epochEndOf } from "./epoch-ends.ts";
import { LateTail } from "./late-tail.ts";
import { openOperatorOrders } from "./operator-orders.ts";
import { clockWitnessed, epochOpened } from "./own-facts.ts";
import { openProjections } from "./projections.ts";
import { openReader } from "./read/reader.ts";
import { type OwnLog, openAcceptor, openOwnLog } from "./region-commands.ts";
import type { Followers } from "./region-followers.ts";
import { regionHistory } from "./region-history.ts";
import { openPeers, type RegionPeers } from "./region-peers.ts";
import type { Region, RegionPorts } from "./region-ports.ts";
import { openState, type RegionState, replay } from "./region-state.ts";
import { openRouteSource } from "./route-source.ts";
import { openContentKeys } from "./stamping.ts";
import { Telling } from "./telling.ts";
import { openVerifying, type Verifying } from "./verifying.ts";
import { openHooks } from "./webhooks/hooks.ts";

/** Parts that ask each other are given each other as questions, as none of them stands when the first opens. */
export async function openRegion(ports: RegionPorts): Promise<Region> {
  const { region, store, log, timers, physical, previous, watch = {} } = ports;
  const followers: Followers = {};
  let draining = false;

  const projections = openProjections({ ...ports, nowMs: () => physical.nowMs(), watch });
  followers.projections = projections;
  const state = openState(ports, followers);
  const { tables, replica, committer } = state;
  const isDistrusted = replica.judging.isDistrusted;
  const documents = documentsOf(ports, state, () => ({ packer, peers }));
  followers.documents = documents;
  await replay(ports, state);

  const ownLog = openOwnLog(ports, state);
  const { packer } = ownLog;
  const anchors = new AuditAnchors({ tables, audit: replica.audit, timers, written: () => committer.soon() });
  const reader = readerOf(ports, state, () => anchors.heads());
  const telling = new Telling({ tables, reader, isDistrusted });
  followers.telling = telling;
  const keys = openContentKeys(ports.secret);
  const acceptor = openAcceptor({ ports, state, packer, reader, keys, peers: () => peers, draining: () => draining });
  if (previous !== undefined) void acceptor.record(...epochOpened(log.epoch, previous, keys.contentOf));

  const peers: RegionPeers = peersOf(ports, state, ownLog, {
    draining: () => draining,
    appendWitness: (data) => acceptor.record(...clockWitnessed(data, keys.contentOf)),
  });
  followers.peers = peers;
  peers.links.onPeerBeat((beat) => {
    if (beat.audit !== undefined) anchors.hear(beat.region, beat.audit);
  });
  const verifying = verifyingOf(ports, state, reader, peers);
  followers.verifying = verifying;
  const stopLinks = peers.links.start();
  documents.begin();
  await projections.begin();
  const hooks = openHooks({ ports, tables, reader, committer, contentOf: keys.contentOf, record: acceptor.record.bind(acceptor) });
  followers.hooks = hooks;
  await hooks.begin();

  const stop = async (): Promise<void> => {
    stopLinks();
    documents.stop();
    verifying.close();
    await peers.stop();
    await hooks.stop();
    committer.close();
    await projections.stop();
  };
  return {
    acceptor,
    reader,
    history: regionHistory({ ports, projections, reader, tables, isDistrusted }),
    documents,
    feed: telling,
    routes: openRouteSource(tables, store, projections.memberships),
    tracer: peers.tracing,
    webhooks: hooks.desk,
    hooksWaiting: () => hooks.waiting(),
    links: peers.links,
    presence: peers.presence,
    verifier: verifying,
    replica,
    lateTail: new LateTail(region, tables, packer),
    refill: peers.refill,
    orders: openOperatorOrders({ tables, audit: (fact) => replica.ordered(fact), soon: () => committer.soon() }),
    health: () => ({ store: !committer.refusing, logWaiting: packer.pending, rowsAhead: tables.rowsAhead, quarantined: replica.aside }),
    projections: () => projections.facts(),
    gates: peers.gates,
    regroup: peers.regroup,
    heardOf: peers.heardOf,
    drain: async () => {
      draining = true;
      await packer.drained();
      await stop();
      await committer.flush();
    },
    close: stop,
  };
}

function documentsOf(
  { link, timers, physical, checkpointBytes }: RegionPorts,
  { tables, committer, landed }: RegionState,
  later: () => Pick<OwnLog, "packer"> & { readonly peers: RegionPeers },
): DocumentCheckpoints {
  return new DocumentCheckpoints({
    tables,
    timers,
    closed: () => {
      const { packer, peers } = later();
      return closedTimes(landed() ? packer.closedMs(physical.nowMs() - 1) : 0, link.peers, peers.links);
    },
    wrote: () => committer.soon(),
    ...(checkpointBytes === undefined ? {} : { dueBytes: checkpointBytes }),
  });
}

function readerOf(
  { region }: RegionPorts,
  { tables, replica, committer }: RegionState,
  heads: () => ReadonlyMap<string, ChainHead>,
): Reader {
  return openReader({
    region,
    tables,
    isDistrusted: replica.judging.isDistrusted,
    applied: () => replica.vector,
    epochEnd: (origin, epoch) => epochEndOf(tables, origin, epoch),
    audited: { last: () => replica.audit.durable, flush: () => committer.flush() },
    heads,
  });
}

function peersOf(
  ports: RegionPorts,
  { tables, replica, committer, promise, filling, remembered }: RegionState,
  { packer, behind }: OwnLog,
  asked: Pick<Parameters<typeof openPeers>[0], "draining" | "appendWitness">,
): RegionPeers {
  const peers: RegionPeers = openPeers({
    ...ports,
    ...asked,
    tables,
    replica,
    closed: () => ({
      completeMs: packer.closedMs(ports.physical.nowMs() - 1),
      closedMs: promise.upTo(packer.closedMs(peers.links.present.closableMs())),
    }),
    room: () => !committer.full && !committer.refusing,
    blank: filling.isDue,
    filled: () => {
      filling.done();
      committer.soon();
    },
    remembered: remembered(),
    appliedThere: (point) => behind.heard(point),
  });
  return peers;
}

function verifyingOf(ports: RegionPorts, { replica, committer }: RegionState, reader: Reader, { links }: RegionPeers): Verifying {
  const { region, boot, link, timers, random, physical, store } = ports;
  return openVerifying({
    ...{ region, boot, link, timers, random, store, links, replica, committer, reader },
    nowMs: () => physical.nowMs(),
    channelOf: (channel) => channelIdentity(replica.view, channel),
    quarantined: () => replica.aside,
  });
}
