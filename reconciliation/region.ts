/**
 * A region, assembled: the one place that knows how its parts meet. Production and the simulator open it with the same words and other ports.
 */

import { channelIdentity } from "../core/commands/standing.ts";
import { recordById } from "../core/conflict-records.ts";
import type { Event } from "../core/event.ts";
import { LIMITS } from "../core/limits.ts";
import type { Vector } from "../core/position.ts";
import { joinVectors, parseVector } from "../core/position.ts";
import { HybridClock } from "../core/stamp.ts";
import { webhookSecrets } from "../core/webhooks.ts";
import { writesOf } from "../core/writes.ts";
import { CommandAcceptor } from "./acceptor.ts";
import { AuditAnchors } from "./audit-anchors.ts";
import { closedDoor } from "./closed-door.ts";
import { ClosedPromise, LANDING_MS } from "./closed-promise.ts";
import { closedTimes, isPast } from "./closed-times.ts";
import { recallCommand } from "./command-rows.ts";
import { Committer } from "./committer.ts";
import { DocumentCheckpoints } from "./document-checkpoints.ts";
import { epochEndOf } from "./epoch-ends.ts";
import { LateTail } from "./late-tail.ts";
import { openOperatorOrders } from "./operator-orders.ts";
import { OwnClock } from "./own-clock.ts";
import { clockWitnessed, epochOpened } from "./own-facts.ts";
import { OwnTail, replayOwnLog } from "./own-log.ts";
import { Packer } from "./packer.ts";
import { openProjections } from "./projections.ts";
import { answerOf } from "./read/answers.ts";
import { openReader } from "./read/reader.ts";
import { regionHistory } from "./region-history.ts";
import { openPeers, type RegionPeers } from "./region-peers.ts";
import type { Region, RegionPorts } from "./region-ports.ts";
import { regionView } from "./region-view.ts";
import type { Applied } from "./replica.ts";
import { Replica } from "./replica.ts";
import { openRouteSource } from "./route-source.ts";
import { openContentKeys } from "./stamping.ts";
import { Telling } from "./telling.ts";
import type { Verifying } from "./verifying.ts";
import { openVerifying } from "./verifying.ts";
import { type Hooks, openHooks, unfitUrlOf } from "./webhooks/hooks.ts";
import { WorkingSet } from "./working-set.ts";

export async function openRegion(ports: RegionPorts): Promise<Region> {
  const { region, store, log, link, timers, physical, previous, watch = {} } = ports;
  const tables = new WorkingSet(store);
  const projections = openProjections({ ...ports, nowMs: () => physical.nowMs(), watch });
  let remembered: Vector = {};
  let following: RegionPeers | undefined;
  let telling: Telling | undefined;
  let verifying: Verifying | undefined;
  let hooks: Hooks | undefined;
  const applied = (one: Applied): void => {
    const { position, event } = one.placed;
    if (position.origin !== region) clock.witness(event.stamp);
    else if (following === undefined) remembered = joinVectors(remembered, parseVector(event.after) ?? {});
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
  const clock = new HybridClock({ region, physical: own, highest: own.highest, life: own.life, boundMs: LIMITS.clockBoundMs });
  const beganMs = timers.monotonicMs();
  const isFirstLife = blank && log.head() === 0;
  const landed = (): boolean => isFirstLife || timers.monotonicMs() - beganMs >= LANDING_MS;
  const promise: ClosedPromise = new ClosedPromise({
    region,
    kept: own.closed,
    landed,
    keep: (next) => {
      tables.put("facts", "closed", next);
      committer.soon();
    },
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
      following?.drain();
    },
  });
  const documents = new DocumentCheckpoints({
    tables,
    timers,
    closed: () => closedTimes(landed() ? packer.closedMs(physical.nowMs() - 1) : 0, link.peers, peers.links),
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
    take: (sequence, events, texts) => {
      if (behind.reaches(sequence - 1)) replica.applyMessage(region, log.epoch, sequence, events, texts);
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
    isPast: (stamp) => isPast(stamp, { region, epoch: log.epoch, followed: peers.follows, links: peers.links }),
    closed: () => closedDoor(draining, committer),
  });
  if (previous !== undefined) void acceptor.record(...epochOpened(log.epoch, previous, keys.contentOf));

  const peers: RegionPeers = openPeers({
    ...ports,
    tables,
    replica,
    closed: () => ({
      completeMs: packer.closedMs(physical.nowMs() - 1),
      closedMs: promise.upTo(packer.closedMs(peers.links.present.closableMs())),
    }),
    draining: () => draining,
    room: () => !committer.full && !committer.refusing,
    blank,
    remembered,
    appliedThere: (point) => behind.heard(point),
    appendWitness: (data) => acceptor.record(...clockWitnessed(data, keys.contentOf)),
  });
  const { links, presence, tracing } = peers;
  following = peers;
  links.onPeerBeat((beat) => {
    if (beat.audit !== undefined) anchors.hear(beat.region, beat.audit);
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
    await peers.stop();
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
