/**
 * Follows one peer's log through its epochs (H1, H2): a gate for the epoch that is read, a tail that feeds it. When a beat names a newer epoch,
 * the old one is read on until nothing more has come of it for some beats; only then the new one may pass, and its first event says how far
 * the old one went: what of that never came is said to be lost. That event also names epochs between that we never heard of: they come first.
 * So no origin's events are ever applied out of order.
 */
import type { EpochOpened, Placed } from "../core/event.ts";
import type { PeerLink, PeerTail } from "../core/ports/peer-link.ts";
import type { Point, Position, Vector } from "../core/position.ts";
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

/** Epochs of one peer that are followed beside the present one. */
const MOST_LATER = 16;

interface Followed {
  readonly epoch: number;
  readonly gate: Gate;
  readonly tail: PeerTail;
  /** Beats since anything of it has come, and how far it had come then. */
  quiet: { readonly beats: number; readonly position: number };
}

export class Following {
  readonly #options: FollowingOptions;
  #now: Followed;
  /** Newer epochs, oldest first. */
  #later: readonly Followed[] = [];

  constructor(options: FollowingOptions) {
    this.#options = options;
    const stood = options.applied()[options.peer];
    this.#now = this.#follow(stood?.epoch ?? 1, stood?.sequence ?? 0);
  }

  /** The peer's own word, from a beat. */
  heard(epoch: number, head: number): void {
    this.#followLater(epoch);
    for (const one of this.#all) {
      if (this.#later.length > 0 && this.#mayPass(one.epoch)) one.quiet = quietAfter(one);
      if (one.epoch === epoch) one.tail.heard(head);
      else if (one.epoch < epoch) one.tail.heard(one.gate.position + 1);
    }
    for (const one of this.#all) one.gate.drain();
  }

  get #all(): readonly Followed[] {
    return [this.#now, ...this.#later];
  }

  /** The present epoch's quiet begins anew with every newer one: it is asked once more for what it may still have. */
  #followLater(epoch: number): void {
    if (epoch <= this.#now.epoch || this.#later.length >= MOST_LATER || this.#later.some((one) => one.epoch === epoch)) return;
    this.#now.quiet = { beats: 0, position: this.#now.gate.position };
    this.#later = [...this.#later, this.#follow(epoch, 0)].sort((a, b) => a.epoch - b.epoch);
  }

  get counts(): GateCounts {
    return this.#now.gate.counts;
  }

  /** Room has come back. */
  drain(): void {
    this.#now.gate.drain();
  }

  /** How far this region's own copy of the log that is read now reaches. */
  async mirrorHead(): Promise<Point> {
    const { epoch, tail } = this.#now;
    return { epoch, sequence: await tail.mirrorHead(), place: 0 };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map(({ tail }) => tail.stop()));
  }

  #follow(epoch: number, after: number): Followed {
    const { link, peer, lost } = this.#options;
    const gate: Gate = new Gate({
      origin: peer,
      epoch,
      after,
      room: () => this.#mayPass(epoch),
      take: (events) => this.#take(epoch, events),
      quarantine: this.#options.quarantine,
    });
    const tail = link.follow({
      peer,
      epoch,
      position: () => gate.position,
      accept: (sequence, text) => {
        if (sequence === 1 && epoch > this.#now.epoch) this.#followLater(previousIn(text));
        return gate.accept(sequence, text);
      },
      gap: (from, to) => {
        lost(epoch, from, to);
        gate.skip(to - 1);
      },
    });
    return { epoch, gate, tail, quiet: { beats: 0, position: after } };
  }

  /** What comes of this epoch may be taken now. */
  #mayPass(epoch: number): boolean {
    return this.#options.room() && (epoch === this.#now.epoch || this.#mayTurn(epoch));
  }

  /** Nothing of what stands before that epoch has come for a while, in which it might have passed. */
  #mayTurn(epoch: number): boolean {
    return this.#all.every((one) => one.epoch >= epoch || one.quiet.beats >= QUIET_BEATS);
  }

  #take(epoch: number, events: readonly Placed[]): void {
    if (epoch > this.#now.epoch) this.#turn(epoch, events[0]?.event.kind === "epoch.opened" ? events[0].event : undefined);
    this.#options.take(events);
  }

  #turn(epoch: number, opened: EpochOpened | undefined): void {
    const had = this.#now;
    const end = opened?.data.previous;
    const upTo = end?.epoch === had.epoch ? had.gate.position : 0;
    if (end !== undefined && end.epoch >= had.epoch && upTo < end.sequence) this.#options.lost(end.epoch, upTo, end.sequence + 1);
    for (const one of this.#all) if (one.epoch < epoch) void one.tail.stop();
    this.#now = this.#later.find((one) => one.epoch === epoch) ?? had;
    this.#later = this.#later.filter((one) => one.epoch > epoch);
    for (const one of this.#later) one.quiet = { beats: 0, position: one.gate.position };
  }
}

const quietAfter = ({ gate: { position }, quiet }: Followed): Followed["quiet"] =>
  position > quiet.position ? { beats: 0, position } : { beats: quiet.beats + 1, position };

/** The epoch that an epoch's first message names as the one before; 0 where it names none. */
function previousIn(text: string): number {
  const [opened] = /"kind":"epoch\.opened"/.test(text) ? parsed(text) : [];
  const epoch = opened?.data?.previous?.epoch;
  return Number.isSafeInteger(epoch) ? (epoch as number) : 0;
}

type Opened = { readonly data?: { readonly previous?: { readonly epoch?: unknown } } };
function parsed(text: string): readonly Opened[] {
  try {
    return [JSON.parse(text)].flat() as Opened[];
  } catch {
    return [];
  }
}
