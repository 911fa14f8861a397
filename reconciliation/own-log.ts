/** What a region knows of itself when it starts: its greatest stamp, what it has witnessed, and what its log holds beyond the store (L2, T1, H8). */
import type { EventLog } from "../core/ports/event-log.ts";
import type { TableReader } from "../core/ports/state-store.ts";
import type { Point } from "../core/position.ts";
import { START } from "../core/position.ts";
import type { HybridClock, PhysicalClock, Stamp } from "../core/stamp.ts";
import { stampTimeMs } from "../core/stamp.ts";
import { Gate } from "./gate.ts";
import type { Replica } from "./replica.ts";

export interface KeptFacts {
  /** The greatest stamp that the store knows of; undefined when it lies in a stretch that everybody distrusts. */
  readonly highest: Stamp | undefined;
  /** What this region has witnessed. */
  readonly witnessed: readonly { readonly origin: string; readonly from: Stamp; readonly to: Stamp }[];
  /** The clock that stamps are made by: jumps over stretches of our own that are distrusted and still ahead, so that no stamp is made twice. */
  readonly physical: PhysicalClock;
}

export function keptFacts(
  tables: TableReader,
  region: string,
  physical: PhysicalClock,
  isDistrusted: (stamp: Stamp) => boolean,
): KeptFacts {
  const witnesses = [...tables.range("witnesses", { from: "", to: "\u{7f}" })].map(([, witness]) => witness);
  const kept = tables.get("facts", "highest");
  const highest = typeof kept === "string" ? kept : undefined;
  const bootMs = physical.nowMs();
  const ahead = witnesses.filter(({ origin, from }) => origin === region && stampTimeMs(from) > bootMs && isDistrusted(from));
  const jumped = (): number => {
    const nowMs = physical.nowMs();
    return ahead.reduce(
      (timeMs, { from, to }) => (stampTimeMs(from) <= timeMs && timeMs <= stampTimeMs(to) ? stampTimeMs(to) + 1 : timeMs),
      nowMs,
    );
  };
  return {
    highest: highest !== undefined && ahead.length > 0 && isDistrusted(highest) ? undefined : highest,
    witnessed: witnesses.filter(({ by }) => by === region),
    physical: { nowMs: jumped },
  };
}

/** Applies what the log holds beyond the store, and raises the clock above every stamp in it that is not distrusted. */
export async function replayOwnLog(log: EventLog, replica: Replica, clock: HybridClock): Promise<void> {
  const stood = replica.vector[log.origin] ?? START;
  if (stood.epoch > log.epoch) return;
  const gate = new Gate({
    origin: log.origin,
    epoch: log.epoch,
    after: stood.epoch === log.epoch ? stood.sequence : 0,
    room: () => true,
    take: (events) => {
      for (const placed of events) {
        replica.apply(placed);
        if (!replica.judging.isDistrusted(placed.event.stamp)) clock.remember(placed.event.stamp);
      }
    },
    quarantine: (position, reason, raw) => replica.quarantine(position, reason, raw),
  });
  for await (const { sequence, text } of log.read(gate.position)) gate.accept(sequence, text);
}

/**
 * What stands in the own log without this life having written it. A life that was killed may have had a message on its way, and the log server
 * takes it after the next life has read to the end: seen when an own message lands behind a hole, or when a peer has applied more of us than we.
 */
export class OwnTail {
  readonly #log: EventLog;
  readonly #replica: Replica;
  readonly #clock: HybridClock;
  #reading: Promise<void> | undefined;

  constructor(log: EventLog, replica: Replica, clock: HybridClock) {
    this.#log = log;
    this.#replica = replica;
    this.#clock = clock;
  }

  /** Whether everything up to this message of the present epoch is applied. */
  reaches(sequence: number): boolean {
    const { epoch, sequence: applied } = this.#replica.vector[this.#log.origin] ?? START;
    return sequence <= 0 || (epoch === this.#log.epoch && applied >= sequence);
  }

  /** A peer's word on what it has applied of us. */
  heard(point: Point | undefined): void {
    if (point?.epoch === this.#log.epoch && !this.reaches(point.sequence)) void this.readOn();
  }

  /** Applies everything the log holds now. */
  readOn(): Promise<void> {
    this.#reading ??= replayOwnLog(this.#log, this.#replica, this.#clock).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }
}
