/** What a region's own log holds beyond its store (L2), when it starts and whenever something lands there that this life did not write. */
import type { EventLog } from "../core/ports/event-log.ts";
import type { Point } from "../core/position.ts";
import { START } from "../core/position.ts";
import type { HybridClock } from "../core/stamp.ts";
import { Gate } from "./gate.ts";
import type { OwnClock } from "./own-clock.ts";
import type { Replica } from "./replica.ts";

/** Applies what the log holds beyond the store, and raises the clock above every stamp in it that it does not leap over. */
export async function replayOwnLog(log: EventLog, replica: Replica, clock: HybridClock, own: OwnClock): Promise<void> {
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
        if (!own.leaps(placed.event.stamp)) clock.remember(placed.event.stamp);
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
  readonly #own: OwnClock;
  #reading: Promise<void> | undefined;

  constructor(log: EventLog, replica: Replica, clock: HybridClock, own: OwnClock) {
    this.#log = log;
    this.#replica = replica;
    this.#clock = clock;
    this.#own = own;
  }

  /** Whether everything up to this message of the present epoch is applied. */
  reaches(sequence: number): boolean {
    const { epoch, sequence: applied } = this.#replica.vector[this.#log.origin] ?? START;
    return sequence <= 0 || (epoch === this.#log.epoch && applied >= sequence);
  }

  /** A peer's word on what it has applied of us. */
  heard(point: Point | undefined): void {
    if (point?.epoch === this.#log.epoch && !this.reaches(point.sequence)) void this.#read();
  }

  /** Applies everything the log holds now. A reading that has begun before ends where the log ended then. */
  async readOn(): Promise<void> {
    await this.#reading;
    await this.#read();
  }

  #read(): Promise<void> {
    this.#reading ??= replayOwnLog(this.#log, this.#replica, this.#clock, this.#own).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }
}
