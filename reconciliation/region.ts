/**
 * A region, assembled: the one place that knows how its parts meet. Production and the simulator open it with the same words and other ports.
 */

import { channelIdentity } from "../core/commands/standing.ts";
import { recordById } from "../core/conflict-records.ts";
import type { Event } from "../core/event.ts";
import { LIMITS } from "../core/limits.ts";
import type { Vector } from "../core/position.ts";
import { joinVectors, parsePoint, parseVector, START } from "../core/position.ts";
import { HybridClock } from "../core/stamp.ts";
import { webhookSecrets } from "../core/webhooks.ts";
import { writesOf } from "../core/writes.ts";
import { CommandAcceptor } from "./acceptor.ts";
import { AuditAnchors } from "./audit-anchors.ts";
import { ClockWitness } from "./clock-witness.ts";
import { closedDoor } from "./closed-door.ts";
import { ClosedPromise } from "./closed-promise.ts";
import { closedTimes, isPast } from "./closed-times.ts";
import { recallCommand } from "./command-rows.ts";
import { Committer } from "./committer.ts";
import { DocumentCheckpoints } from "./document-checkpoints.ts";
import { epochEndOf } from "./epoch-ends.ts";
import { followedBy } from "./followed.ts";
import type { Following } from "./following.ts";
import { LateTail } from "./late-tail.ts";
import { openOperatorOrders } from "./operator-orders.ts";
import { OwnClock } from "./own-clock.ts";
import { clockWitnessed, epochOpened } from "./own-facts.ts";
import { OwnTail, replayOwnLog } from "./own-log.ts";
import { Packer } from "./packer.ts";
import { openPresence } from "./presence-exchange.ts";
import { openProjections } from "./projections.ts";
import { answerOf } from "./read/answers.ts";
import { openReader } from "./read/reader.ts";
import { Refill } from "./refill.ts";
import { regionHistory } from "./region-history.ts";
import type { Region, RegionPorts } from "./region-ports.ts";
import { regionView } from "./region-view.ts";
import type { Applied } from "./replica.ts";
import { Replica } from "./replica.ts";
import { openRouteSource } from "./route-source.ts";
import { openContentKeys } from "./stamping.ts";
import { RegionSyncBoard } from "./sync-board.ts";
import { Telling } from "./telling.ts";
import { openTracing } from "./tracing.ts";
import type { Verifying } from "./verifying.ts";
import { openVerifying } from "./verifying.ts";
import { type Hooks, openHooks, unfitUrlOf } from "./webhooks/hooks.ts";
import { WorkingSet } from "./working-set.ts";

export async function openRegion(ports: RegionPorts): Promise<Region> {
  const { region, store, log, link, timers, physical, previous, watch = {} } = ports;
  const tables = new WorkingSet(store);
  const followings = new Map<string, Following>();
  const projections = openProjections({ ...ports, nowMs: () => physical.nowMs(), watch });
  let remembered: Vector = {};
  let refill: Refill | undefined;
  let telling: Telling | undefined;
  let verifying: Verifying | undefined;
  let hooks: Hooks | undefined;
  const applied = (one: Applied): void => {
    const { position, event } = one.placed;
    if (position.origin !== region) clock.witness(event.stamp);
    else if (refill === undefined) remembered = joinVectors(remembered, parseVector(event.after) ?? {});
    telling?.tell(one);
    hooks?.applied(event);
    if (event.kind === "document.updated") documents.heard(event);
    verifying?.took({ placed: one.placed });
    watch.applied?.(one);
    committer.soon();
  };
  const replica: Replica = new Replica({
    region,
    tables,
    nowMs: () => physical.nowMs(),
    view: (self) => regionView(tables, () => self.vector, recordById),
    applied,
    quarantined: (position, reason, raw) => {
      verifying?.took({ position, reason, raw });
      watch.quarantined?.(position.origin);
      committer.soon();
    },
    distrusted: (origin) => {
      if (origin === region) own.mend(clock);
      watch.distrusted?.(origin);
    },
  });
  const blank = Object.keys(replica.vector).length === 0;
  const own = new OwnClock({ tables, region, physical, isDistrusted: replica.judging.isDistrusted });
  const clock = new HybridClock({ region, physical: own, highest: own.highest, boundMs: LIMITS.clockBoundMs });
  const promise: ClosedPromise = new ClosedPromise(region, own.closed, (next) => {
    tables.put("facts", "closed", next);
    committer.soon();
  });
  const committer: Committer = new Committer({
    tables,
    timers,
    before: () => {
      own.keep(clock);
      promise.committing();
      replica.audit.committing();
    },
    refused: (cause) => watch.storeRefused?.(cause),
    committed: (tookMs, rows) => {
      promise.committed();
      replica.audit.committed();
      watch.committed?.(tookMs, rows);
      projections.nudge();
      hooks?.nudge();
      for (const one of followings.values()) one.drain();
    },
  });
  const documents = new DocumentCheckpoints({
    tables,
    timers,
    closed: () => closedTimes(packer.closedMs(physical.nowMs() - 1), link.peers, links),
    wrote: () => committer.soon(),
    ...(ports.checkpointBytes === undefined ? {} : { dueBytes: ports.checkpointBytes }),
  });
  for (const one of [...(ports.earlier ?? []), log]) await replayOwnLog(one, replica, clock, own);
  // Before the first stamp. A disk that refuses it refuses what people write too.
  own.keep(clock);
  await committer.flush().catch(() => {});

  const behind = new OwnTail(log, replica, clock, own);
  const packer = new Packer({
    log,
    life: ports.boot,
    take: (sequence, events) => {
      if (behind.reaches(sequence - 1)) replica.applyMessage(region, log.epoch, sequence, events);
      else return behind.readOn();
    },
  });
  let draining = false;
  const reader = openReader({
    region,
    tables,
    isDistrusted: replica.judging.isDistrusted,
    applied: () => replica.vector,
    epochEnd: (origin, epoch) => epochEndOf(tables, origin, epoch),
    audited: { last: () => replica.audit.durable, flush: () => committer.flush() },
    heads: () => anchors.heads(),
  });
  const anchors = new AuditAnchors({ tables, audit: replica.audit, timers, written: () => committer.soon() });
  telling = new Telling({ tables, reader, isDistrusted: replica.judging.isDistrusted });
  const keys = openContentKeys(ports.secret);
  const secretOf = webhookSecrets(ports.secret);
  const acceptor = new CommandAcceptor({
    region,
    clock,
    packer,
    keys,
    timers,
    view: replica.view,
    remembered: (key) => recallCommand(tables, key),
    writtenBy: (event: Event) => writesOf(event, { origin: region, epoch: 0, sequence: 0, place: 0 }, "").map(({ key }) => key),
    answer: (event) => answerOf(event, reader.shownChannel, secretOf),
    ...unfitUrlOf(ports.webhooks),
    isPast: (stamp) => isPast(stamp, { region, epoch: log.epoch, followed: (origin) => followings.has(origin), links }),
    closed: () => closedDoor(draining, committer),
  });
  if (previous !== undefined) void acceptor.record(...epochOpened(log.epoch, previous, keys.contentOf));

  const presence = openPresence({
    link,
    timers,
    nowMs: () => physical.nowMs(),
    boot: ports.boot,
    formerBootMs: LIMITS.formerBootMs,
    exchanged: (peer) => watch.presenceExchanged?.(peer),
  });
  const witness: ClockWitness = new ClockWitness({
    get regions() {
      return link.peers.length + 1;
    },
    nowMs: () => links.judgingMs(),
    timers,
    known: (origin) => replica.judging.witnessed(origin, region),
    appendWitness: (data) => acceptor.record(...clockWitnessed(data, keys.contentOf)),
  });
  const links: RegionSyncBoard = new RegionSyncBoard({
    link,
    timers,
    clock: physical,
    boot: ports.boot,
    applied: () => replica.vector,
    own: () => ({
      epoch: log.epoch,
      head: log.head(),
      completeMs: packer.closedMs(physical.nowMs() - 1),
      closedMs: promise.upTo(packer.closedMs(links.closableMs())),
    }),
    presence: () => presence.beatFields(),
    audit: () => replica.audit.told,
    draining: () => draining,
    witness,
  });
  const followed = followedBy({ link, replica, witness, timers, watch, room: () => !committer.full && !committer.refusing });
  for (const peer of [...link.peers, ...(ports.retired ?? [])]) followings.set(peer, followed(peer));
  refill = new Refill({
    peers: link.peers,
    blank,
    remembered,
    applied: () => replica.vector,
    mirrorHead: (peer) => followings.get(peer)?.mirrorHead() ?? Promise.resolve(START),
    isCutOff: (peer) => links.stateOf(peer) === "cut-off",
    timers,
    ended: (missing) => watch.refilled?.(missing),
  });
  const filling = refill;
  const tracing = openTracing({
    region,
    peers: () => link.peers,
    tables,
    applied: () => replica.vector,
    nowMs: () => physical.nowMs(),
    watermark: (channel) => links.watermark(channel),
  });
  links.onPeerBeat((beat) => {
    tracing.hear(beat);
    behind.heard(parsePoint(beat.applied[region] ?? ""));
    followings.get(beat.region)?.heard(beat.epoch, beat.head);
    filling.heard(beat.region, { epoch: beat.epoch, sequence: beat.head, place: 0 });
    presence.onPeerBeat(beat.region, beat.presence);
    if (beat.audit !== undefined) anchors.hear(beat.region, beat.audit);
  });
  links.onLink((change) => {
    presence.onLink(change.peer, change.state);
    watch.link?.(change);
  });
  verifying = openVerifying({
    region,
    boot: ports.boot,
    link,
    timers,
    random: ports.random,
    nowMs: () => physical.nowMs(),
    links,
    replica,
    committer,
    store,
    reader,
    channelOf: (channel) => channelIdentity(replica.view, channel),
    quarantined: () => replica.aside,
  });
  const stopLinks = links.start();
  documents.begin();
  await projections.begin();
  hooks = openHooks({ ports, tables, reader, committer, contentOf: keys.contentOf, record: acceptor.record.bind(acceptor) });
  await hooks.begin();

  const stop = async (): Promise<void> => {
    stopLinks();
    documents.stop();
    verifying?.close();
    filling.close();
    await Promise.all([...followings.values()].map((one) => one.stop()));
    await hooks?.stop();
    committer.close();
    await projections.stop();
  };
  const history = regionHistory({ ports, projections, reader, tables, isDistrusted: replica.judging.isDistrusted });
  return {
    acceptor,
    reader,
    history,
    documents,
    feed: telling,
    routes: openRouteSource(tables, store, projections.memberships),
    tracer: tracing,
    webhooks: hooks.desk,
    hooksWaiting: () => hooks?.waiting() ?? 0,
    links,
    presence,
    verifier: verifying,
    replica,
    lateTail: new LateTail(region, tables, packer),
    refill,
    orders: openOperatorOrders({ tables, audit: (fact) => replica.ordered(fact), soon: () => committer.soon() }),
    health: () => ({ store: !committer.refusing, logWaiting: packer.pending, rowsAhead: tables.rowsAhead, quarantined: replica.aside }),
    projections: () => projections.facts(),
    gates: () => new Map([...followings].map(([peer, one]) => [peer, one.counts])),
    regroup: (peers, retired) => {
      for (const origin of [...peers, ...retired]) if (!followings.has(origin)) followings.set(origin, followed(origin));
      links.regroup(peers);
      presence.regroup(peers);
    },
    heardOf: (retired, epoch, head) => followings.get(retired)?.heard(epoch, head),
    drain: async () => {
      draining = true;
      await packer.drained();
      await stop();
      await committer.flush();
    },
    close: stop,
  };
}
