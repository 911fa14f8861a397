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
import { commandKey } from "../core/identity.ts";
import { identityIn } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import type { Accepted, Acceptor } from "../core/ports/acceptor.ts";
import type { Timers } from "../core/ports/time.ts";
import { vectorText } from "../core/position.ts";
import type { RegisterKey } from "../core/register.ts";
import { registerKey } from "../core/register.ts";
import type { HybridClock, Stamp } from "../core/stamp.ts";
import type { CommandMemory } from "./command-rows.ts";
import { readEvent } from "./event-shape.ts";
import type { Packer } from "./packer.ts";
import { Patience } from "./patience.ts";
import type { ContentKeys } from "./stamping.ts";
import { stampDrafts } from "./stamping.ts";
import { yjsTexts } from "./text-merge.ts";

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
  /** All that its region made up to this stamp is here (H6): a version of that stamp that is not here will never come. */
  readonly isPast: (stamp: Stamp) => boolean;
  /** Why this region sends no webhook to a URL. */
  readonly unfitUrl?: (url: string) => string | undefined;
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
  /** Per author: the end of the last turn given, and how many have not had theirs. */
  readonly #turns = new Map<string, { last: Promise<void> | undefined; waiting: number }>();
  readonly #inFlight = new Map<string, InFlight>();
  readonly #pending = new Map<RegisterKey, Promise<void>>();

  constructor(parts: AcceptorParts) {
    this.#parts = parts;
  }

  async submit(actor: Actor, command: Command): Promise<Accepted> {
    const patience = new Patience(this.#parts.timers, LIMITS.unknownAnswerMs);
    try {
      const turn = await this.#inTurn(actor.user, patience, () => this.#decided(actor, command, patience));
      if ("answer" in turn) return turn.answer;
      await patience.until(turn.inFlight.durable, unknown);
      return { result: this.#parts.answer(turn.inFlight.event), replayed: turn.replayed };
    } finally {
      patience.end();
    }
  }

  /** Events of the region itself (witnesses, epochs): no command, no rights. */
  record(draft: Draft, id: string): Promise<void> {
    const { region, clock, packer, view } = this.#parts;
    return packer.append(
      stampDrafts([draft], { clock, actor: region, command: id, said: draft.content, after: vectorText(view.applied()) }),
    );
  }

  /** Commands of one author are decided in the order given (L5). Who gives up while waiting for their turn is not decided at all. */
  async #inTurn<T>(user: string, patience: Patience, decided: () => Promise<T>): Promise<T> {
    const queue = this.#turns.get(user) ?? { last: undefined, waiting: 0 };
    if (queue.waiting >= LIMITS.inFlightPerAuthor) throw tooMany();
    const { last } = queue;
    let end: () => void = () => {};
    queue.last = new Promise<void>((resolve) => (end = resolve));
    queue.waiting += 1;
    this.#turns.set(user, queue);
    const leave = (): void => {
      end();
      queue.waiting -= 1;
      if (queue.waiting === 0) this.#turns.delete(user);
    };
    let mine = last === undefined;
    try {
      if (last !== undefined) await patience.until(last, notTaken);
      mine = true;
      return await decided();
    } finally {
      // Those behind wait for those before, also where nobody stands between them any more.
      if (mine) leave();
      else void last?.then(leave);
    }
  }

  async #decided(actor: Actor, command: Command, patience: Patience): Promise<Turn> {
    const { keys, view } = this.#parts;
    const key = commandKey(actor.user, command.id);
    const unfitting = this.#parts.unfitUrl === undefined ? {} : { unfitUrl: this.#parts.unfitUrl };
    for (;;) {
      const before = this.#repeat(key, command);
      if (before !== undefined) return before;
      const closed = this.#parts.closed();
      if (closed !== undefined) throw closed;
      const reads = new Set<RegisterKey>();
      const deciding = { view: tracked(view, reads, this.#pending), actor, contentOf: keys.contentOf, texts: yjsTexts, ...unfitting };
      const outcome = attempt(() => decide(deciding, command));
      const awaited = [...reads].flatMap((read) => this.#pending.get(read) ?? []);
      if (awaited.length > 0) await patience.until(Promise.all(awaited), notTaken);
      else if ("refusal" in outcome) throw outcome.refusal;
      else if ("answer" in outcome.decision) return { answer: { result: outcome.decision.answer as Json, replayed: false } };
      else return { inFlight: this.#append(actor, command, key, outcome.decision.events), replayed: false };
    }
  }

  #repeat(key: string, command: Command): Turn | undefined {
    const flying = this.#inFlight.get(key);
    const known = flying ?? this.#parts.remembered(key);
    if (known === undefined) return undefined;
    const { keys, view } = this.#parts;
    const { channel } = known.event;
    if (!mayMean(view, command, channel) || known.said !== keys.saidBy(command, channel))
      throw new Refusal("conflict-of-command", "This Idempotency-Key was used for another command.", {
        hint: "Use a fresh key for a new command.",
      });
    return flying === undefined
      ? { answer: { result: this.#parts.answer(known.event), replayed: true } }
      : { inFlight: flying, replayed: true };
  }

  #append(actor: Actor, command: Command, key: string, drafts: readonly [Draft, ...Draft[]]): InFlight {
    const { clock, keys, packer, view, writtenBy } = this.#parts;
    const said = keys.saidBy(command, drafts[0].channel);
    if (command.seen !== undefined) clock.witness(command.seen);
    if (command.kind === "message.edit") this.#follow(command.replaces ?? [], drafts[0]);
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

  /**
   * What an author says to have seen comes before what they say now: stamps of versions that are not here yet are followed, within the bound.
   * Beyond it they are refused, as a version that names what is still to come could be named by it in turn: a circle (D1). So are those of which it
   * is known that they will never come: an edit that waits for its cause for ever would win over others without a record of it (S6).
   */
  #follow(replaces: readonly Stamp[], draft: Draft): void {
    const { clock, view, isPast } = this.#parts;
    const register = draft.kind === "message.edited" ? view.register(registerKey.body(draft.channel, draft.data.message)) : undefined;
    const isHere = new Set(register?.entries.map(({ stamp }) => stamp));
    const absent = replaces.filter((stamp) => !isHere.has(stamp));
    const never = absent.find(isPast);
    const wrong = never ?? absent.find((stamp) => !clock.witness(stamp));
    if (wrong !== undefined)
      throw new Refusal(
        "invalid",
        `replaces names ${wrong.slice(0, 90)}, a version that nobody ${never === undefined ? "can have made yet" : "has made"}.`,
        {
          hint: "Name versions as they were received, or leave it out: then all heads known here are replaced.",
        },
      );
  }
}

const again = { hint: "Send the same command with the same Idempotency-Key again, here or in another region.", retryAfterS: 1 };
/** It is in the log, or not: it may yet happen, and a repeat joins it (T3). */
const unknown = (): Refusal =>
  new Refusal("unavailable", "The region's log has not answered yet; what became of the command is unknown.", again);
/** It has not been decided, and never will be. */
const notTaken = (): Refusal =>
  new Refusal("unavailable", "The region's log has not answered for a command before this one; this one has not been accepted.", again);
const tooMany = (): Refusal =>
  new Refusal("unavailable", "Too many of your commands wait for this region's log; this one has not been accepted.", again);

/**
 * Whether a command speaks of this channel, by either tag of its id, or by an alias that it claims: also one that another channel has won since, or
 * whose channel is not here yet, as what was said stays said.
 */
function mayMean(view: View, command: Command, channel: string | null): boolean {
  if (!("channel" in command) || channel === null) return true;
  const identity = identityIn("channel", command.channel);
  if (identity !== undefined) return identity === channel;
  const claims = view.register(registerKey.alias(command.channel))?.entries ?? [];
  return claims.length === 0 || claims.some(({ value }) => value === channel);
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

function tracked(view: View, reads: Set<RegisterKey>, pending: ReadonlyMap<RegisterKey, unknown>): View {
  const readUnder = (prefix: string): void => {
    for (const key of pending.keys()) if (key.startsWith(prefix)) reads.add(key);
  };
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
    // Those that are being made, or are about to go, count: else any number could be made at once, and all owners go.
    members: (channel) => {
      readUnder(registerKey.member(channel, ""));
      return view.members(channel);
    },
    webhooks: (channel) => {
      readUnder(registerKey.webhook(channel, ""));
      return view.webhooks(channel);
    },
    applied: view.applied,
  };
}
