/**
 * A channel as a person sees it: its messages with their own pending ones among them, its members, who is there and who types, and how far all that is
 * complete. It reads the history over HTTP, follows from the cursor of that reading so that nothing lies between, and reads itself again after a gap.
 */
import type { Channel, Conflict, Gap, Member, Presence, Watermark, WireEvent } from "../../core/objects.ts";
import type { Timer } from "../../core/ports/time.ts";
import type { Asked } from "./asked.ts";
import { Attendance } from "./attendance.ts";
import { ChannelFacts } from "./channel-facts.ts";
import { ChannelFold } from "./channel-fold.ts";
import { Explaining } from "./explaining.ts";
import type { HistoryPage } from "./history.ts";
import { readHistory, readOlder } from "./history.ts";
import { Listeners } from "./listeners.ts";
import { isSameId } from "./names.ts";
import type { ShownMessage } from "./shown.ts";
import type { ViewParts } from "./view-parts.ts";

export interface ViewHappenings {
  /** Something that the view shows has changed; several things at once are told once. */
  readonly change: undefined;
  /** The region could not give all that was missed: the view reads itself again, and says so by `change`. */
  readonly gap: readonly Gap[];
  /** A conflict that the user lost; `restore` brings the text back. */
  readonly superseded: Conflict;
}
export interface ViewOptions {
  /** Messages read at first, and by `older`: 1 to 500 (default 50). */
  readonly page?: number;
  /** So many of the newest messages are kept (default 2,000). */
  readonly keep?: number;
}

/** A sign of typing is shown this long. */
const TYPING_MS = 5_000;
const AGAIN_MS = 2_000;

export class ChannelView {
  /** As it was named when it was opened. */
  readonly name: string;
  /** Resolves when the history has been read and is followed; rejects where there is no such channel for the user. */
  readonly ready: Promise<void>;
  readonly #parts: ViewParts;
  readonly #page: number;
  readonly #keep: number;
  readonly #listeners = new Listeners<ViewHappenings>();
  readonly #own = new Map<string, Asked>();
  readonly #typing = new Map<string, Timer>();
  readonly #ends: (() => void)[];
  readonly #explaining: Explaining;
  readonly #attendance: Attendance;
  #fold: ChannelFold;
  #facts: ChannelFacts | undefined;
  #watermark: Watermark | undefined;
  #hasOlder = false;
  #losses: readonly Conflict[] = [];
  #shown: readonly ShownMessage[] | undefined;
  #changeIsDue = false;
  #reading = 0;
  #again: Timer | undefined;
  #closed = false;

  constructor(parts: ViewParts, name: string, { page = 50, keep = 2_000 }: ViewOptions) {
    this.#parts = parts;
    this.name = name;
    this.#page = page;
    this.#keep = keep;
    this.#fold = new ChannelFold(keep, this.#own);
    this.#explaining = new Explaining({
      ...{ timers: parts.timers, read: (path) => parts.read(path), unexplained: () => this.#fold.unexplained() },
      explained: (conflict) => this.#disputed(conflict),
    });
    this.#attendance = new Attendance({
      ...{ view: parts, channel: () => this.#id, members: () => this.members.map(({ user }) => user) },
      changed: () => this.#changed(),
    });
    this.#ends = [
      parts.on("every", (event) => this.#hear(event)),
      parts.on("asked", (asked) => this.#asked(asked)),
      parts.on("command", (asked) => this.#moved(asked)),
      parts.on("conflict", (conflict) => this.isOf(conflict.register.channel) && this.#disputed(conflict)),
      parts.on("superseded", (conflict) => this.#lost(conflict)),
      parts.on("watermark", (watermark) => this.isOf(watermark.channel) && this.#complete(watermark)),
      parts.on("typing", ({ channel, user }) => this.isOf(channel) && this.#types(user)),
      parts.on("presence", () => this.#changed()),
      parts.on("sync", () => this.#changed()),
      parts.on("caught-up", ({ channel }) => this.isOf(channel) && this.#caughtUp()),
      parts.on("gap", (gaps) => this.#gap(gaps.filter(({ channel }) => this.isOf(channel)))),
    ];
    for (const asked of parts.unanswered()) this.#asked(asked);
    this.ready = this.#read();
    this.ready.catch(() => this.close()); // whoever looks is told; nobody must
  }

  /** Undefined until it has been read. */
  get channel(): Channel | undefined {
    return this.#facts?.channel();
  }
  get members(): readonly Member[] {
    return this.#facts?.members() ?? [];
  }
  /** Oldest first; the user's own that nobody has answered yet come last. The same list until something changes. */
  get messages(): readonly ShownMessage[] {
    return (this.#shown ??= this.#fold.shown(this.#parts.user()));
  }
  get hasOlder(): boolean {
    return this.#hasOlder || this.#fold.trimmed;
  }
  /** How far it is complete from each region, and since when what was accepted here is everywhere. */
  get watermark(): Watermark | undefined {
    return this.#watermark;
  }
  /** Everything missed has been told. False also while there is no line. */
  get isCaughtUp(): boolean {
    return this.#parts.isCaughtUp(this.#id);
  }
  /** Conflicts the user lost here, until seen or restored. */
  get losses(): readonly Conflict[] {
    return this.#losses;
  }
  /** Others who type just now. */
  get typing(): readonly string[] {
    return [...this.#typing.keys()];
  }
  /** Of its members, as the region says; `unknown`: last seen in a region that cannot be reached. */
  get presence(): readonly Presence[] {
    return this.members.flatMap(({ user }) => this.#parts.presenceOf(user) ?? []);
  }

  on<Name extends keyof ViewHappenings>(name: Name, listener: (what: ViewHappenings[Name]) => void): () => void {
    return this.#listeners.on(name, listener);
  }

  /** One page more of the past; resolves with whether there is still more. */
  async older(): Promise<boolean> {
    const fold = this.#fold;
    const { items, next } = await readOlder(this.#parts, this.#id, this.#page, fold.oldest());
    if (fold === this.#fold) {
      fold.read(items);
      this.#hasOlder = next !== null;
      this.#changed();
    }
    return this.#hasOlder;
  }

  /** Takes an own message off the list that was not accepted. */
  dismiss(key: string): void {
    if (this.#own.get(key)?.state.is !== "pending") this.#own.delete(key);
    this.#fold.touch();
    this.#changed();
  }

  close(): void {
    this.#closed = true;
    this.#again?.cancel();
    this.#explaining.close();
    this.#attendance.close();
    for (const end of this.#ends) end();
    for (const timer of this.#typing.values()) timer.cancel();
    this.#parts.closed(this, this.#id);
  }

  isOf(channel: string | null): boolean {
    return channel !== null && (channel === this.name || isSameId(channel, this.#id));
  }
  get #id(): string {
    return this.#facts?.channel().id ?? this.name;
  }

  /** Until a region has answered; what there was is shown meanwhile. */
  async #read(): Promise<void> {
    this.#reading += 1;
    const mine = this.#reading;
    const read = await this.#history();
    if (mine !== this.#reading || this.#closed) return;
    this.#fold = new ChannelFold(this.#keep, this.#own);
    this.#facts = new ChannelFacts(read.channel, read.members);
    this.#fold.deletes = read.channel.deletes;
    this.#fold.read(read.items);
    for (const asked of [...this.#own.values()]) {
      const answer = this.#parts.answerOf(asked);
      if (answer !== undefined) this.#fold.accepted(asked, answer);
    }
    this.#hasOlder = read.next !== null;
    this.#watermark = read.sync;
    this.#attendance.take(read.presence);
    await this.#parts.follow(this.#id, read.cursor);
  }

  async #history(): Promise<HistoryPage> {
    for (;;)
      try {
        return await readHistory(this.#parts, this.#id, this.#page);
      } catch (thrown) {
        if (
          this.#closed ||
          !["unreachable", "unavailable", "too-many-requests"].includes((thrown as { readonly code?: string }).code ?? "")
        )
          throw thrown;
        await new Promise<void>((resolve) => (this.#again = this.#parts.timers.after(AGAIN_MS, resolve)));
      }
  }

  #hear(event: WireEvent): void {
    if (!this.isOf(event.channel)) return;
    const isOfMessage = this.#fold.hear(event);
    if (this.#facts?.hear(event) === true) {
      this.#fold.deletes = this.#facts.channel().deletes;
      if (event.kind === "channel.changed") this.#fold.touch();
    } else if (!isOfMessage) return;
    if (event.kind === "message.sent") this.#stopsTyping(event.actor);
    this.#explain();
    this.#changed();
  }
  /** From here on presence is heard; what changed before was told to nobody. */
  #caughtUp(): void {
    this.#explain();
    if (this.#facts !== undefined) void this.#attendance.read();
  }
  #explain(): void {
    if (this.#fold.hasUnexplained) this.#explaining.soon();
  }

  #asked(asked: Asked): void {
    const { command } = asked;
    if (!("channel" in command) || !this.isOf(command.channel) || !/^(message|reaction)\./.test(command.kind)) return;
    this.#own.set(asked.id, asked);
    this.#touch(asked);
  }

  #moved(asked: Asked): void {
    if (!this.#own.has(asked.id)) return;
    const { is } = asked.state;
    if (is === "accepted") this.#fold.accepted(asked, this.#parts.answerOf(asked));
    else if (is !== "replicated" && asked.command.kind !== "message.send") this.#own.delete(asked.id);
    this.#touch(asked);
  }

  #touch({ command }: Asked): void {
    this.#fold.touch("message" in command ? command.message : undefined);
    this.#changed();
  }

  #disputed(conflict: Conflict): void {
    this.#fold.disputed(conflict);
    if (conflict.state !== "open") this.#losses = this.#losses.filter(({ id }) => id !== conflict.id);
    this.#changed();
  }

  #lost(conflict: Conflict): void {
    if (!this.isOf(conflict.register.channel)) return;
    const others = this.#losses.filter(({ id }) => id !== conflict.id);
    this.#losses = conflict.state === "open" ? [...others, conflict] : others;
    this.#changed();
    this.#listeners.tell("superseded", conflict);
  }

  #complete(watermark: Watermark): void {
    this.#watermark = watermark;
    this.#changed();
  }

  #gap(gaps: readonly Gap[]): void {
    if (gaps.length === 0) return;
    this.#listeners.tell("gap", gaps);
    this.#read().catch(() => {}); // the line tells its error; the view shows what it has
  }

  #types(user: string): void {
    this.#typing.get(user)?.cancel();
    this.#typing.set(
      user,
      this.#parts.timers.after(TYPING_MS, () => this.#stopsTyping(user)),
    );
    this.#changed();
  }
  #stopsTyping(user: string): void {
    this.#typing.get(user)?.cancel();
    if (this.#typing.delete(user)) this.#changed();
  }

  #changed(): void {
    this.#shown = undefined;
    if (this.#changeIsDue) return;
    this.#changeIsDue = true;
    queueMicrotask(() => {
      this.#changeIsDue = false;
      if (!this.#closed) this.#listeners.tell("change", undefined);
    });
  }
}
