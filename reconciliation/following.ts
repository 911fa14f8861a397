/**
 * Follows one peer's log through its epochs (H1, H2): a gate for the epoch that is read, a tail that feeds it. When a beat names a newer epoch,
 * the old one is read on until nothing more has come of it for some beats; only then the new one may pass, and its first event says how far
 * the old one went: what of that never came is said to be lost. So no origin's events are ever applied out of order.
 */
import type { EpochOpened, Placed } from "../core/event.ts";
import type { PeerLink, PeerTail } from "../core/ports/peer-link.ts";
import type { Position, Vector } from "../core/position.ts";
import type { GateCounts } from "./gate.ts";
import { Gate } from "./gate.ts";

export interface FollowingOptions {
  readonly link: PeerLink;
  readonly peer: string;
  readonly applied: () => Vector;
  readonly room: () => boolean;
  /** Events that may be judged now, in order. */
  readonly take: (events: readonly Placed[]) => void;
  readonly quarantine: (position: Position, reason: string, raw: string) => void;
  /** Messages that can be had from nobody. */
  readonly lost: (epoch: number, from: number, to: number) => void;
}

/** Beats without anything new of the old epoch before the new one may pass: three seconds. */
const QUIET_BEATS = 12;

interface Followed {
  readonly epoch: number;
  readonly gate: Gate;
  readonly tail: PeerTail;
}

export class Following {
  readonly #options: FollowingOptions;
  #now: Followed;
  #next: Followed | undefined;
  #held = false;
  #quiet = { beats: 0, position: 0 };

  constructor(options: FollowingOptions) {
    this.#options = options;
    const stood = options.applied()[options.peer];
    this.#now = this.#follow(stood?.epoch ?? 1, stood?.sequence ?? 0, options.room);
  }

  /** The peer's own word, from a beat. */
  heard(epoch: number, head: number): void {
    if (epoch > this.#now.epoch && (this.#next === undefined || this.#next.epoch < epoch)) {
      void this.#next?.tail.stop();
      this.#quiet = { beats: 0, position: this.#now.gate.position };
      this.#next = this.#follow(epoch, 0, () => (epoch === this.#now.epoch ? this.#options.room() : this.#mayTurn()));
    }
    if (epoch === this.#now.epoch) this.#now.tail.heard(head);
    else this.#hurry(head);
    this.#now.gate.drain();
    this.#next?.gate.drain();
  }

  get counts(): GateCounts {
    return this.#now.gate.counts;
  }

  /** H7: nothing passes until `advanceTo` says how far, or `release`. */
  hold(): void {
    this.#held = true;
    this.#now.gate.hold();
  }
  advanceTo(epoch: number, sequence: number): void {
    if (epoch === this.#now.epoch) this.#now.gate.release(sequence);
  }
  release(): void {
    this.#held = false;
    this.#now.gate.release();
    this.#next?.gate.drain();
  }
  /** Room has come back. */
  drain(): void {
    this.#now.gate.drain();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#now.tail.stop(), this.#next?.tail.stop()]);
  }

  #follow(epoch: number, after: number, room: () => boolean): Followed {
    const { link, peer, lost } = this.#options;
    const gate: Gate = new Gate({
      origin: peer,
      epoch,
      after,
      room,
      take: (events) => this.#take(epoch, events),
      quarantine: this.#options.quarantine,
    });
    const tail = link.follow({
      peer,
      epoch,
      position: () => gate.position,
      accept: (sequence, text) => gate.accept(sequence, text),
      gap: (from, to) => {
        lost(epoch, from, to);
        gate.skip(to - 1);
      },
    });
    return { epoch, gate, tail };
  }

  /** Asks for what is left of the old epoch, and counts the beats that brought nothing. */
  #hurry(head: number): void {
    const { gate, tail } = this.#now;
    this.#quiet =
      gate.position > this.#quiet.position ? { beats: 0, position: gate.position } : { ...this.#quiet, beats: this.#quiet.beats + 1 };
    tail.heard(gate.position + 1);
    this.#next?.tail.heard(head);
  }

  #mayTurn(): boolean {
    return !this.#held && this.#quiet.beats >= QUIET_BEATS && this.#options.room();
  }

  #take(epoch: number, events: readonly Placed[]): void {
    if (epoch > this.#now.epoch) this.#turn(events[0]?.event.kind === "epoch.opened" ? events[0].event : undefined);
    this.#options.take(events);
  }

  #turn(opened: EpochOpened | undefined): void {
    const { lost } = this.#options;
    const end = opened?.data.previous;
    const had = this.#now;
    if (end !== undefined && end.epoch === had.epoch && had.gate.position < end.sequence)
      lost(had.epoch, had.gate.position, end.sequence + 1);
    void had.tail.stop();
    if (this.#next !== undefined) this.#now = this.#next;
    this.#next = undefined;
    this.#quiet = { beats: 0, position: 0 };
  }
}
