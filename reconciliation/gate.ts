/**
 * The gate of one epoch of one origin's log (hard parts H1, H2). Mirror, own pull and own log all push here, repeated and late; behind the gate
 * every message stands once, in the order of the log. Fan-out, replica and catch-up read nothing else.
 *
 *   repeats      dropped by their sequence alone, before anything is parsed
 *   next         parsed, judged (A4) and taken
 *   ahead        kept in a small buffer until the hole before them is filled
 *   held         kept until the barrier of `verify` lets them pass (H7)
 *   no room      answered "full": the log holds the rest (H13)
 */
import type { Event, Placed } from "../core/event.ts";
import type { GateAnswer } from "../core/ports/peer-link.ts";
import type { Position } from "../core/position.ts";
import { readEvent } from "./event-shape.ts";

/** A log message as it came, or as the region's own events that need no parsing. */
type Message = { readonly text: string } | { readonly events: readonly Event[] };

export interface GateOptions {
  readonly origin: string;
  readonly epoch: number;
  /** The last sequence that the region has applied; the gate waits for the one after it. */
  readonly after: number;
  /**
   * The message's events in order. Called again for what follows where one between them had to be quarantined, so that calls come in the
   * order of places. Must not throw and must not call the gate.
   */
  readonly take: (events: readonly Placed[], sequence: number) => void;
  /** An event (or, at place 0, a whole message) that cannot be taken: why, and as it came (H14). The log goes on. */
  readonly quarantine: (position: Position, reason: string, raw: string) => void;
  /** False while memory runs too far ahead of the store, or nothing of this origin can be judged yet. */
  readonly room: () => boolean;
}

export interface GateCounts {
  /** Times that a message came with one before it missing. */
  readonly gaps: number;
  /** Messages that had come before. */
  readonly duplicates: number;
  readonly quarantined: number;
}

/** How far ahead of the position messages are kept. */
const AHEAD_MESSAGES = 64;
const AHEAD_CHARACTERS = 2 * 1_048_576;

export class Gate {
  readonly #options: GateOptions;
  readonly #ahead = new Map<number, Message>();
  #aheadCharacters = 0;
  #position: number;
  /** Held: nothing after this sequence passes. */
  #limit = Number.POSITIVE_INFINITY;
  #inHole = false;
  #gaps = 0;
  #duplicates = 0;
  #quarantined = 0;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#position = options.after;
  }

  /** The sequence of the last message that has passed. */
  get position(): number {
    return this.#position;
  }

  get counts(): GateCounts {
    return { gaps: this.#gaps, duplicates: this.#duplicates, quarantined: this.#quarantined };
  }

  get held(): boolean {
    return this.#limit !== Number.POSITIVE_INFINITY;
  }

  accept(sequence: number, text: string): GateAnswer {
    return this.#accept(sequence, { text });
  }

  /** The same for events of the region's own making, which are not parsed again. */
  acceptEvents(sequence: number, events: readonly Event[]): GateAnswer {
    return this.#accept(sequence, { events });
  }

  /** Nothing passes any more; what comes is kept as far as the buffer reaches, then refused as "full". */
  hold(): void {
    this.#limit = this.#position;
  }

  /** Lets messages up to and including `upTo` pass and goes on holding the rest; without it, ends the hold. */
  release(upTo: number = Number.POSITIVE_INFINITY): void {
    this.#limit = Math.max(upTo, this.#position);
    this.drain();
  }

  /** Messages up to and including `sequence` can be had from nobody (retention, a lost stream): goes on after them. */
  skip(sequence: number): void {
    if (sequence <= this.#position) return;
    this.#position = sequence;
    for (const kept of [...this.#ahead.keys()]) if (kept <= sequence) this.#drop(kept);
    this.#limit = this.held ? Math.max(this.#limit, sequence) : this.#limit;
    this.drain();
  }

  /** Passes on what is kept and may go. To be called when `room` has come back; `accept` does it too. */
  drain(): void {
    for (let next = this.#ahead.get(this.#position + 1); next !== undefined && this.#open; next = this.#ahead.get(this.#position + 1)) {
      this.#drop(this.#position + 1);
      this.#pass(next);
    }
  }

  /** Whether the next message may pass now. */
  get #open(): boolean {
    return this.#position < this.#limit && this.#options.room();
  }

  #accept(sequence: number, message: Message): GateAnswer {
    if (sequence <= this.#position) {
      this.#duplicates += 1;
      return "old";
    }
    if (sequence === this.#position + 1 && this.#open) {
      this.#drop(sequence);
      this.#pass(message);
      this.drain();
      return "taken";
    }
    this.#noteHole(sequence);
    if (this.#ahead.has(sequence)) this.#duplicates += 1;
    else if (!this.#keep(sequence, message)) return this.#reaches(sequence - 1) ? "full" : "hole";
    this.drain();
    return this.#reaches(sequence) ? "taken" : "hole";
  }

  /** Whether everything up to this sequence has passed or is kept. */
  #reaches(sequence: number): boolean {
    if (sequence - this.#position > this.#ahead.size) return false;
    for (let at = this.#position + 1; at <= sequence; at += 1) if (!this.#ahead.has(at)) return false;
    return true;
  }

  /** Counts each hole once: from the first message beyond it until a message passes. */
  #noteHole(sequence: number): void {
    if (this.#inHole || this.#reaches(sequence - 1)) return;
    this.#inHole = true;
    this.#gaps += 1;
  }

  #keep(sequence: number, message: Message): boolean {
    const characters = sizeOf(message);
    const fits = this.#ahead.size < AHEAD_MESSAGES && this.#aheadCharacters + characters <= AHEAD_CHARACTERS;
    if (!fits || sequence - this.#position > AHEAD_MESSAGES || !this.#options.room()) return false;
    this.#ahead.set(sequence, message);
    this.#aheadCharacters += characters;
    return true;
  }

  #drop(sequence: number): void {
    const kept = this.#ahead.get(sequence);
    if (kept === undefined) return;
    this.#ahead.delete(sequence);
    this.#aheadCharacters -= sizeOf(kept);
  }

  #pass(message: Message): void {
    const sequence = this.#position + 1;
    if ("events" in message) {
      const { origin, epoch, take } = this.#options;
      take(
        message.events.map((event, place) => ({ position: { origin, epoch, sequence, place }, event })),
        sequence,
      );
    } else this.#read(message.text, sequence);
    this.#position = sequence;
    this.#inHole = false;
  }

  #read(text: string, sequence: number): void {
    const { origin, epoch, take } = this.#options;
    const raw = parsed(text);
    if (!Array.isArray(raw) || raw.length === 0) {
      const reason = Array.isArray(raw) ? "the message holds no event" : "the message is no JSON array of events";
      this.#refuse({ origin, epoch, sequence, place: 0 }, reason, text);
      return;
    }
    let run: Placed[] = [];
    raw.forEach((one: unknown, place) => {
      const position: Position = { origin, epoch, sequence, place };
      const read = readEvent(one, position);
      if ("event" in read) run.push({ position, event: read.event });
      else {
        if (run.length > 0) take(run, sequence);
        run = [];
        this.#refuse(position, `the event ${read.wrong}`, rawText(one, text));
      }
    });
    if (run.length > 0) take(run, sequence);
  }

  #refuse(position: Position, reason: string, raw: string): void {
    this.#quarantined += 1;
    this.#options.quarantine(position, reason, raw);
  }
}

/** Own events are small and few while the gate is held; their text was bounded by the packer. */
const sizeOf = (message: Message): number => ("text" in message ? message.text.length : message.events.length * 1_024);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One event as it came; the whole message where its nesting is too deep to be written again. */
function rawText(one: unknown, message: string): string {
  try {
    return JSON.stringify(one);
  } catch {
    return message;
  }
}
