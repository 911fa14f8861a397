/**
 * Where commands become events: idempotency (T3, H5), order of each author, deciding against memory (H4), stamping, and the own log.
 *
 * A command that depends on a register with an event in flight waits until that event has landed and then decides again; so two pipelined
 * edits of one author never conflict with each other, and nothing is decided against what is not durable.
 */
import type { Actor, Command } from "../core/command.ts";
import { decide } from "../core/commands/decide.ts";
import type { Decision, Draft, View } from "../core/commands/decision.ts";
import { Refusal } from "../core/errors.ts";
import type { Event, Json } from "../core/event.ts";
import { commandKey } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import type { Accepted, Acceptor } from "../core/ports/acceptor.ts";
import type { CommandMemory } from "../core/ports/state-store.ts";
import type { Timers } from "../core/ports/time.ts";
import { vectorText } from "../core/position.ts";
import type { RegisterKey } from "../core/register.ts";
import type { HybridClock } from "../core/stamp.ts";
import { readEvent } from "./event-shape.ts";
import type { Packer } from "./packer.ts";
import type { ContentKeys } from "./stamping.ts";
import { stampDrafts } from "./stamping.ts";

export interface AcceptorParts {
  readonly region: string;
  readonly clock: HybridClock;
  readonly packer: Packer;
  readonly keys: ContentKeys;
  readonly timers: Timers;
  readonly view: View;
  /** What a command did before, here or elsewhere. */
  readonly remembered: (key: string) => CommandMemory | undefined;
  /** Registers that an event writes. */
  readonly writtenBy: (event: Event) => readonly RegisterKey[];
  /** The contract's answer, a pure function of the event. */
  readonly answer: (event: Event) => Accepted["result"];
  /** Why nothing can be taken now (memory too far ahead of the store, draining), or undefined. */
  readonly closed: () => Refusal | undefined;
}

interface InFlight {
  readonly said: string;
  readonly event: Event;
  readonly durable: Promise<void>;
}
type Turn = { readonly answer: Accepted } | { readonly inFlight: InFlight; readonly replayed: boolean };

export class CommandAcceptor implements Acceptor {
  readonly #parts: AcceptorParts;
  readonly #turns = new Map<string, { last: Promise<void>; waiting: number }>();
  readonly #inFlight = new Map<string, InFlight>();
  readonly #pending = new Map<RegisterKey, Promise<void>>();

  constructor(parts: AcceptorParts) {
    this.#parts = parts;
  }

  async submit(actor: Actor, command: Command): Promise<Accepted> {
    const turn = await this.#inTurn(actor.user, () => this.#decided(actor, command));
    if ("answer" in turn) return turn.answer;
    await this.#landed(turn.inFlight.durable);
    return { result: this.#parts.answer(turn.inFlight.event), replayed: turn.replayed };
  }

  /** Events of the region itself (witnesses, epochs): no command, no rights. */
  record(draft: Draft, id: string): Promise<void> {
    const { region, clock, packer, view } = this.#parts;
    return packer.append(
      stampDrafts([draft], { clock, actor: region, command: id, said: draft.content, after: vectorText(view.applied()) }),
    );
  }

  /** Commands of one author are decided in the order given (L5). */
  async #inTurn<T>(user: string, decided: () => Promise<T>): Promise<T> {
    const queue = this.#turns.get(user);
    if (queue !== undefined && queue.waiting >= LIMITS.inFlightPerAuthor)
      throw new Refusal("unavailable", "Too many of your commands wait for this region's log.", {
        hint: "Send again with the same Idempotency-Key.",
        retryAfterS: 1,
      });
    let end: () => void = () => {};
    const turn = { last: new Promise<void>((resolve) => (end = resolve)), waiting: (queue?.waiting ?? 0) + 1 };
    this.#turns.set(user, turn);
    if (queue !== undefined) await queue.last;
    try {
      return await decided();
    } finally {
      end();
      const latest = this.#turns.get(user);
      if (latest === turn) this.#turns.delete(user);
      else if (latest !== undefined) latest.waiting -= 1;
    }
  }

  async #decided(actor: Actor, command: Command): Promise<Turn> {
    const { keys, view } = this.#parts;
    const key = commandKey(actor.user, command.id);
    const said = keys.saidBy(command);
    for (;;) {
      const before = this.#repeat(key, said);
      if (before !== undefined) return before;
      const closed = this.#parts.closed();
      if (closed !== undefined) throw closed;
      const reads = new Set<RegisterKey>();
      const outcome = attempt(() => decide({ view: tracked(view, reads), actor, contentOf: keys.contentOf }, command));
      const awaited = [...reads].flatMap((read) => this.#pending.get(read) ?? []);
      if (awaited.length > 0) await this.#landed(Promise.all(awaited));
      else if ("refusal" in outcome) throw outcome.refusal;
      else if ("answer" in outcome.decision) return { answer: { result: outcome.decision.answer as Json, replayed: false } };
      else return { inFlight: this.#append(actor, command, key, said, outcome.decision.events), replayed: false };
    }
  }

  #repeat(key: string, said: string): Turn | undefined {
    const flying = this.#inFlight.get(key);
    const known = flying ?? this.#remembered(key);
    if (known === undefined) return undefined;
    if (known.said !== said)
      throw new Refusal("conflict-of-command", "This Idempotency-Key was used for another command.", {
        hint: "Use a fresh key for a new command.",
      });
    return flying === undefined
      ? { answer: { result: this.#parts.answer(known.event), replayed: true } }
      : { inFlight: flying, replayed: true };
  }

  #remembered(key: string): { readonly said: string; readonly event: Event } | undefined {
    const memory = this.#parts.remembered(key);
    return memory === undefined ? undefined : { said: memory.said, event: memory.placed.event };
  }

  #append(actor: Actor, command: Command, key: string, said: string, drafts: readonly [Draft, ...Draft[]]): InFlight {
    const { clock, packer, view, writtenBy } = this.#parts;
    if (command.seen !== undefined) clock.witness(command.seen);
    const events = stampDrafts(drafts, { clock, actor: actor.user, command: command.id, said, after: vectorText(view.applied()) });
    for (const event of events) refuseUnfit(event, this.#parts.region);
    const durable = packer.append(events);
    const inFlight: InFlight = { said, event: events[0] as Event, durable };
    this.#inFlight.set(key, inFlight);
    const written = events.flatMap((event) => writtenBy(event));
    for (const register of written) this.#pending.set(register, durable);
    void durable.then(() => {
      this.#inFlight.delete(key);
      for (const register of written) if (this.#pending.get(register) === durable) this.#pending.delete(register);
    });
    return inFlight;
  }

  /** Waits for the log, but not for ever: then the command is unknown, never failed, and a repeat joins it (T3, H14). */
  #landed(durable: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      const unknown = new Refusal("unavailable", "The region's log has not answered yet; what became of the command is unknown.", {
        hint: "Send the same command with the same Idempotency-Key again, here or in another region.",
        retryAfterS: 1,
      });
      const timer = this.#parts.timers.after(LIMITS.unknownAnswerMs, () => reject(unknown));
      void durable.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}

/** What a peer would quarantine must not enter our own log: the same judgement before as after the link (A4). */
function refuseUnfit(event: Event, region: string): void {
  const read = readEvent(event, { origin: region, epoch: Number.MAX_SAFE_INTEGER, sequence: 1, place: 0 });
  if ("wrong" in read) throw new Refusal("invalid", `This cannot become an event: it ${read.wrong}.`);
}

function attempt(body: () => Decision): { readonly decision: Decision } | { readonly refusal: unknown } {
  try {
    return { decision: body() };
  } catch (refusal) {
    return { refusal };
  }
}

function tracked(view: View, reads: Set<RegisterKey>): View {
  return {
    register: (key) => {
      reads.add(key);
      return view.register(key);
    },
    conflict: (id) => {
      const found = view.conflict(id);
      if (found !== undefined) reads.add(found.register.key);
      return found;
    },
    reactions: view.reactions,
    applied: view.applied,
  };
}
