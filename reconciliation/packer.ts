/**
 * The road into the own log: events of many commands share one log message (nats.md: a durable ack costs the same for one event or twenty).
 * It flushes at once when nothing is in flight; what arrives meanwhile goes with the next message. One message in flight at a time, so the
 * order of acceptance is the order of the log.
 */
import { canonical } from "../core/canonical.ts";
import { Refusal } from "../core/errors.ts";
import type { Event } from "../core/event.ts";
import { LIMITS } from "../core/limits.ts";
import type { EventLog } from "../core/ports/event-log.ts";
import { stampTimeMs } from "../core/stamp.ts";

interface Waiting {
  readonly events: readonly Event[];
  /** Canonical, of each. */
  readonly texts: readonly string[];
  /** Of all in the log. */
  readonly text: string;
  readonly durable: () => void;
}

export interface PackerOptions {
  readonly log: EventLog;
  /** A name that no other life of the region has: what one sent is no repetition of another's, whatever they are stamped. */
  readonly life: string;
  /** Called as soon as a message is durable, before its commands are answered: the region applies it in memory (H4). `texts`: each event canonically. A promise is waited for. */
  readonly take: (sequence: number, events: readonly Event[], texts: readonly string[]) => Promise<void> | undefined;
}

export class Packer {
  readonly #log: EventLog;
  readonly #life: string;
  readonly #take: PackerOptions["take"];
  #waiting: Waiting[] = [];
  #inFlight: readonly Waiting[] = [];
  #idle: (() => void)[] = [];

  constructor({ log, life, take }: PackerOptions) {
    this.#log = log;
    this.#life = life;
    this.#take = take;
  }

  /** Resolves when the events are durable and applied in memory. Events of one call share a log message, in order; throws where none can hold them. */
  append(events: readonly Event[]): Promise<void> {
    const texts = events.map(canonical);
    const text = texts.join(",");
    if (text.length * 3 > LIMITS.logMessageBytes && Buffer.byteLength(text) > LIMITS.logMessageBytes) throw tooLarge(events.length);
    return new Promise((durable) => {
      this.#waiting.push({ events, texts, text, durable });
      this.#flush();
    });
  }

  /** Events stamped and not yet durable, waiting ones included. */
  get pending(): number {
    return this.#inFlight.length + this.#waiting.length;
  }

  /** Nothing of mine with a stamp at or below this, at most now, is still to come after the head of the log (H6): the oldest stamp in flight less 1 ms. */
  closedMs(nowMs: number): number {
    const oldest = (this.#inFlight[0] ?? this.#waiting[0])?.events[0]?.stamp;
    return oldest === undefined ? nowMs : Math.min(nowMs, stampTimeMs(oldest) - 1);
  }

  /** Resolves when nothing is waiting or in flight. */
  async drained(): Promise<void> {
    while (this.pending > 0) await new Promise<void>((idle) => this.#idle.push(idle));
  }

  #flush(): void {
    if (this.#inFlight.length > 0 || this.#waiting.length === 0) return;
    const packed = this.#pack();
    const id = `${packed[0]?.events[0]?.stamp}.${this.#life}`;
    this.#inFlight = packed;
    this.#log.append({ id, text: `[${packed.map(({ text }) => text).join(",")}]` }).then(
      (sequence) => this.#taken(sequence, packed),
      () => this.#landed(),
    );
  }

  #taken(sequence: number, packed: readonly Waiting[]): void {
    const tell = (): void => {
      for (const { durable } of packed) durable();
      this.#landed();
    };
    const applying = this.#take(
      sequence,
      packed.flatMap(({ events }) => events),
      packed.flatMap(({ texts }) => texts),
    );
    if (applying === undefined) tell();
    else void applying.then(tell);
  }

  #landed(): void {
    this.#inFlight = [];
    const idle = this.#idle;
    this.#idle = [];
    for (const tell of idle) tell();
    this.#flush();
  }

  #pack(): readonly Waiting[] {
    let bytes = 0;
    let events = 0;
    let count = 0;
    for (const { text, events: some } of this.#waiting) {
      if (count > 0 && (bytes + text.length * 3 > LIMITS.packBytes || events + some.length > LIMITS.packEvents)) break;
      bytes += text.length * 3;
      events += some.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}

const tooLarge = (count: number): Refusal =>
  new Refusal("too-large", `What this command does (${count} events) fits into no message of the region's log.`, {
    hint: "Do it in several commands, for example add members one by one; a shorter Idempotency-Key helps too.",
  });
