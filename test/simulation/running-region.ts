/** Opens a region on a simulated machine: the production assembly, handed virtual time and simulated I/O. */
import type { SyncBoard } from "../../core/ports/boards.ts";
import type { Acceptor } from "../../core/ports/acceptor.ts";
import type { EventLog } from "../../core/ports/event-log.ts";
import type { Feed, Told } from "../../core/ports/feed.ts";
import type { PeerLink, PeerTail } from "../../core/ports/peer-link.ts";
import type { Reader } from "../../core/ports/reader.ts";
import type { StateStore } from "../../core/ports/state-store.ts";
import type { Event } from "../../core/event.ts";
import { recordById } from "../../core/conflict-records.ts";
import { LIMITS } from "../../core/limits.ts";
import { HybridClock } from "../../core/stamp.ts";
import { writesOf } from "../../core/writes.ts";
import { CommandAcceptor } from "../../reconciliation/acceptor.ts";
import { audienceOf } from "../../reconciliation/event-rows.ts";
import { ClockWitness } from "../../reconciliation/clock-witness.ts";
import { Gate } from "../../reconciliation/gate.ts";
import { Packer } from "../../reconciliation/packer.ts";
import { openReader } from "../../reconciliation/read/reader.ts";
import { answerOf } from "../../reconciliation/read/answers.ts";
import { Replica } from "../../reconciliation/replica.ts";
import { regionView } from "../../reconciliation/region-view.ts";
import { openContentKeys } from "../../reconciliation/stamping.ts";
import { RegionSyncBoard } from "../../reconciliation/sync-board.ts";
import { WorkingSet } from "../../reconciliation/working-set.ts";
import type { Life } from "./life.ts";

export interface RunningRegion {
  readonly acceptor: Acceptor;
  readonly reader: Reader;
  readonly feed: Feed;
  readonly board: SyncBoard;
}

export interface RegionParts {
  readonly region: string;
  readonly regions: readonly string[];
  readonly life: Life;
  readonly link: PeerLink;
  readonly store: StateStore;
  readonly log: EventLog;
  readonly boot: number;
}

/* TEMPORARY */
export async function runRegion({ region, regions, life, link, store, log, boot }: RegionParts): Promise<RunningRegion> {
  const tables = new WorkingSet(store);
  const listeners = new Set<(told: Told) => void>();
  const keys = openContentKeys("secret");
  const bootId = `${region}${boot}`;
  const replica: Replica = new Replica({
    region,
    tables,
    nowMs: () => life.nowMs(),
    view: (one) => regionView(tables, () => one.vector, (register, id) => recordById(register, id)),
    applied: (applied) => {
      const { placed, after, silent, records } = applied;
      const { users, privately } = audienceOf(placed.event);
      const told: Told = { placed, wire: reader.wire(placed), channel: placed.event.channel, users, privately, silent, after, conflicts: [] };
      void records;
      for (const listener of listeners) listener(told);
    },
    distrusted: () => {},
  });
  const reader = openReader({ region, tables, isDistrusted: replica.judging.isDistrusted, applied: () => replica.vector });
  let highest = "";
  const ownGate = new Gate({
    origin: region,
    epoch: log.epoch,
    after: replica.vector[region]?.sequence ?? 0,
    take: (events) => {
      for (const placed of events) replica.apply(placed);
    },
    quarantine: (position, reason, raw) => replica.quarantine(position, reason, raw),
    room: () => true,
  });
  for await (const { text } of log.read(0)) for (const { stamp } of JSON.parse(text) as Event[]) if (stamp > highest) highest = stamp;
  for await (const { sequence, text } of log.read(ownGate.position)) ownGate.accept(sequence, text);
  const clock = new HybridClock({ region, physical: life, boundMs: LIMITS.clockBoundMs, ...(highest === "" ? {} : { highest }) });
  const packer = new Packer({ log, take: (sequence, events) => void ownGate.acceptEvents(sequence, events) });
  const acceptor = new CommandAcceptor({
    region,
    clock,
    packer,
    keys,
    timers: life,
    view: replica.view,
    remembered: (key) => tables.get("commands", key),
    writtenBy: (event) => writesOf(event, { origin: region, epoch: 1, sequence: 0, place: 0 }, "").map(({ key }) => key),
    answer: (event) => answerOf(event, (identity) => reader.shownChannel(identity)),
    closed: () => undefined,
  });
  const witness = new ClockWitness({
    regions: regions.length,
    nowMs: () => board.judgingMs(),
    timers: life,
    known: [],
    appendWitness: (data) =>
      acceptor.record({ kind: "clock.witnessed", channel: null, data, policy: "lww", deletes: "final", content: "0".repeat(32) } as never, `witness-${data.from}-${data.to}`),
  });
  const board: RegionSyncBoard = new RegionSyncBoard({
    link,
    timers: life,
    clock: life,
    boot: bootId,
    applied: () => replica.vector,
    own: () => ({ epoch: log.epoch, head: log.head(), closedMs: packer.closedMs(life.nowMs()) - 1 }),
    presence: () => ({ boot: bootId, version: 0 }),
    draining: () => false,
    witness,
  });
  const tails = new Map<string, PeerTail>();
  for (const peer of link.peers) {
    const gate: Gate = new Gate({
      origin: peer,
      epoch: 1,
      after: replica.vector[peer]?.sequence ?? 0,
      take: (events) => {
        witness.see(peer, events);
        for (const placed of events) {
          clock.witness(placed.event.stamp);
          replica.apply(placed);
        }
      },
      quarantine: (position, reason, raw) => replica.quarantine(position, reason, raw),
      room: () => witness.ready(peer),
    });
    tails.set(peer, link.follow({ peer, epoch: 1, position: () => gate.position, accept: (sequence, text) => gate.accept(sequence, text), gap: () => {} }));
    life.every(50, () => gate.drain());
  }
  board.onPeerBeat((beat) => tails.get(beat.region)?.heard(beat.head));
  board.start();
  life.every(20, () => void tables.commit().catch(() => undefined));
  return { acceptor, reader, feed: { listen: (listener) => (listeners.add(listener), () => listeners.delete(listener)) }, board };
}
