/**
 * A channel's messages from what is read and heard of them, in whatever order and however often; and over them what the user asked for. The same facts
 * give the same list.
 */
import type { Deletes } from "../../core/event.ts";
import type { Conflict, Message, WireEvent } from "../../core/objects.ts";
import type { Asked } from "./asked.ts";
import { KnownMessage } from "./known-message.ts";
import { identityOf } from "./names.ts";
import { pendingMessage, type ShownMessage, shownMessage } from "./shown.ts";

/** Messages whose send is unknown, as those edited long after: as many are remembered at most. */
const UNBORN = 1_000;
/** So often it is asked whether there is a record of versions that are apart; it may be in a region that lacks one of them. */
const ASKED_TIMES = 5;

export class ChannelFold {
  readonly #keep: number;
  readonly #messages = new Map<string, KnownMessage>();
  /** The user's own commands in the channel. Outlives the fold: when a channel is read again, they go on. */
  readonly #own: Map<string, Asked>;
  /** Rendered, until something of it changes. */
  readonly #shown = new Map<KnownMessage, ShownMessage | undefined>();
  /** Messages whose versions are apart while no record says so, and how often it has been asked for. */
  readonly #unexplained = new Map<KnownMessage, number>();
  deletes: Deletes = "final";
  /** Older ones were let go of. */
  trimmed = false;

  /** `keep`: so many of the newest messages are kept. */
  constructor(keep: number, own: Map<string, Asked>) {
    this.#keep = keep;
    this.#own = own;
  }

  /** Whether it told something of a message. */
  hear(event: WireEvent): boolean {
    const { message } = event.data;
    if (typeof message !== "string" || !/^(message|reaction)\./.test(event.kind)) return false;
    const known = this.#find(message, event.kind === "message.sent" && this.#own.has(event.command) ? event.command : undefined);
    known.hear(event);
    this.#shown.delete(known);
    this.#weigh(known);
    const own = this.#own.get(event.command);
    if (own !== undefined && own.command.kind !== "message.send") this.#own.delete(event.command);
    this.#trim();
    return true;
  }

  /** A page of the history, newest first, as a region gives it. */
  read(page: readonly Message[]): void {
    let before = "";
    for (const message of [...page].reverse()) {
      const known = this.#find(message.id);
      before = orderOf(message, before);
      known.read(message, before, true);
      this.#shown.delete(known);
    }
  }

  disputed(conflict: Conflict): boolean {
    const { message } = conflict.register;
    if (message === undefined || conflict.register.kind !== "message.body") return false;
    const known = this.#find(message);
    known.disputed(conflict);
    this.#shown.delete(known);
    this.#weigh(known);
    return true;
  }

  /** An own command was accepted: its answer is shown where its event has not come yet. */
  accepted(asked: Asked, answer: unknown): void {
    const { kind } = asked.command;
    if (kind === "message.send") {
      const message = answer as Message;
      const known = this.#find(message.id, asked.id);
      known.command ??= asked.id;
      known.read(message, message.version, false);
      this.#shown.delete(known);
    } else if (this.#own.delete(asked.id)) {
      const { id, message, emoji, user, set } = answer as Message & {
        readonly message?: string;
        readonly emoji?: string;
        readonly user?: string;
        readonly set?: boolean;
      };
      const known = this.#find(message ?? id);
      if (emoji !== undefined && user !== undefined) known.reacted(emoji, user, set === true);
      else known.changed(answer as Message);
      this.#shown.delete(known);
    }
  }

  get hasUnexplained(): boolean {
    return this.#unexplained.size > 0;
  }
  /** Ids of messages of which a conflict's record must be asked for. */
  unexplained(): readonly string[] {
    const due = [...this.#unexplained].filter(([{ birth }, times]) => birth !== undefined && times < ASKED_TIMES);
    for (const [known, times] of due) this.#unexplained.set(known, times + 1);
    return due.flatMap(([{ birth }]) => birth?.id ?? []);
  }

  /** Own commands have come to another state. */
  touch(message?: string): void {
    if (message === undefined) this.#shown.clear();
    else this.#shown.delete(this.#find(message));
  }

  /** Oldest first, the pending ones last, in the order in which they were asked for. */
  shown(me: string | undefined): readonly ShownMessage[] {
    const changes = this.#changes();
    const born = [...this.#messages.values()]
      .filter(({ birth }) => birth !== undefined)
      .sort((a, b) => ((a.birth?.order ?? "") < (b.birth?.order ?? "") ? -1 : 1));
    const known = new Set(born.map(({ command }) => command));
    const list = born.flatMap((message) => this.#render(message, changes.get(message.identity) ?? [], me) ?? []);
    const pending = this.#asked().filter(({ id }) => !known.has(id));
    return [...list, ...pending.flatMap((asked) => pendingMessage(asked, me) ?? [])];
  }

  /** Id of the oldest message. */
  oldest(): string | undefined {
    return this.shown(undefined).find(({ id }) => id !== undefined)?.id;
  }

  #weigh(known: KnownMessage): void {
    if (known.isUnexplained) this.#unexplained.set(known, 0);
    else this.#unexplained.delete(known);
  }

  #render(message: KnownMessage, changes: readonly Asked[], me: string | undefined): ShownMessage | undefined {
    if (!this.#shown.has(message))
      this.#shown.set(message, shownMessage(message, this.deletes, changes, this.#own.get(message.command ?? ""), me));
    return this.#shown.get(message);
  }

  /** What an earlier client had been given may have come to us late. */
  #asked(): readonly Asked[] {
    return [...this.#own.values()].sort((a, b) => a.askedMs - b.askedMs);
  }
  #changes(): ReadonlyMap<string, readonly Asked[]> {
    const changes = new Map<string, Asked[]>();
    for (const asked of this.#asked())
      if (asked.state.is === "pending" && "message" in asked.command && asked.command.kind !== "read.mark") {
        const identity = identityOf(asked.command.message);
        changes.set(identity, [...(changes.get(identity) ?? []), asked]);
      }
    return changes;
  }

  #find(id: string, key?: string): KnownMessage {
    const identity = identityOf(id);
    let known = this.#messages.get(identity);
    if (known === undefined) this.#messages.set(identity, (known = new KnownMessage(identity, key ?? identity)));
    return known;
  }

  #trim(): void {
    if (this.#messages.size <= this.#keep + UNBORN) return;
    const all = [...this.#messages.values()];
    const born = all.filter(({ birth }) => birth !== undefined).sort((a, b) => ((a.birth?.order ?? "") < (b.birth?.order ?? "") ? -1 : 1));
    const unborn = all.filter(({ birth }) => birth === undefined);
    const old = [...born.slice(0, Math.max(0, born.length - this.#keep)), ...unborn.slice(0, Math.max(0, unborn.length - UNBORN / 2))];
    this.trimmed ||= born.length > this.#keep;
    for (const known of old) {
      this.#own.delete(known.command ?? "");
      this.#messages.delete(known.identity);
      this.#shown.delete(known);
      this.#unexplained.delete(known);
    }
  }
}

/** The birth's stamp where it is the version shown; else its millisecond, behind the one before it in the page. */
function orderOf({ version, editedAt, deleted, createdAt, origin, heads }: Message, before: string): string {
  if (editedAt === null && !deleted && heads.length === 1) return version;
  const order = `${Date.parse(createdAt).toString(16).padStart(12, "0")}-0000-${origin}`;
  return order > before ? order : `${before}+`;
}
