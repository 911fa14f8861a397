/**
 * One document while people have it open here. Its text is what stands in the region; a person's change is shown to others once it is durable, so
 * what is refused reaches nobody.
 */
import { applyUpdate, Doc, encodeStateVector, parseUpdateMeta } from "yjs";
import type { Actor } from "../../core/command.ts";
import { Refusal } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { AnswerBudget } from "./answer-budget.ts";
import { Answers } from "./answers.ts";
import { closeFor, type Seat } from "./seat.ts";
import { Speakers, type Tell } from "./speakers.ts";
import type { DocumentFrame } from "./wire.ts";
import { askFrame, changeFrame } from "./wire.ts";
import { DocumentWriter, type WriterParts } from "./writer.ts";

export interface RoomParts extends Omit<WriterParts, "durable" | "refused"> {
  /** All changes that stand here now, base64. */
  readonly changes: () => Iterable<string>;
  readonly tell: Tell;
  /** Of the whole door. */
  readonly budget: AnswerBudget;
  /** What was shown here is not what stands: everybody comes again, to a room made anew. */
  readonly failed: (why: unknown) => void;
}

/** Who changes the document in this process beside its seats. */
const REGION = "region";

/** Changes of one seat that may come before those they were made onto. */
const EARLY_MOST = 256;

export class DocumentRoom {
  readonly #parts: RoomParts;
  readonly #doc = new Doc();
  readonly #speakers: Speakers;
  readonly #writer: DocumentWriter;
  readonly #answers: Answers;
  /** Somebody will be answered when all is durable; what comes meanwhile waits behind it, or busy writers would let nobody in. */
  #answering: Promise<void> | undefined;
  #held: { readonly seat: Seat; readonly update: Uint8Array }[] = [];
  /** With how many changes of each came before those they were made onto. */
  readonly #seats = new Map<Seat, number>();
  /** What opening it costs: its state when it was weighed, which takes time, and all that has come since. */
  #bytes = 0;
  /** So much has come since, or a second has passed. */
  #unweighed = Number.POSITIVE_INFINITY;
  /** Whose change waits here for one that it was made onto. */
  #early: Actor | undefined;

  constructor(parts: RoomParts) {
    this.#parts = parts;
    this.#answers = new Answers(this.#doc, parts.budget);
    this.#writer = new DocumentWriter({
      ...parts,
      durable: (update) => this.#show(changeFrame(update)),
      refused: (user, why) => this.#refused(user, why),
    });
    this.refresh();
    this.#doc.on("update", (update: Uint8Array, by: unknown) => {
      const author = this.#isSeat(by) ? by.actor : this.#early;
      if (author === undefined) this.#show(changeFrame(update));
      else this.#writer.take(author, update); // with what the region brought, where that was waited for: said twice it is said once
    });
    this.#speakers = new Speakers(this.#doc, parts.tell);
  }

  get isEmpty(): boolean {
    return this.#seats.size === 0 && this.#held.length === 0 && this.#writer.isSettled;
  }
  get seats(): Iterable<Seat> {
    return this.#seats.keys();
  }

  join(seat: Seat): void {
    this.#seats.set(seat, 0);
    seat.send(askFrame(encodeStateVector(this.#doc)));
    this.#speakers.join(seat);
  }

  /** Throws a Refusal where a change is none, or too much. */
  take(seat: Seat, frame: DocumentFrame): void {
    if (!this.#seats.has(seat)) return;
    switch (frame.type) {
      case "ask":
        this.#answers.ask(seat, frame.vector);
        this.#answerSoon();
        break;
      case "change":
        if (this.#answering === undefined) this.#change(seat, frame.update);
        else this.#held.push({ seat, update: frame.update });
        break;
      case "awareness":
        this.#speakers.hear(seat, frame.update);
        break;
      case "who":
        this.#speakers.tellWho(seat);
    }
  }

  leave(seat: Seat): void {
    this.#release(seat);
    this.#answers.leave(seat);
    this.#seats.delete(seat);
    this.#speakers.leave(seat);
  }

  /** Once a second: who is gone for long is forgotten, what seemed full may be weighed again, and who waits for an answer may be given it. */
  tidy(): void {
    this.#unweighed = Number.POSITIVE_INFINITY;
    this.#speakers.tidy();
    this.#answerSoon();
  }
  get remembered(): number {
    return this.#speakers.remembered;
  }

  /** A change has happened in the region, here or elsewhere. What Yjs cannot read says nothing, in every region alike. */
  hear(change: string): void {
    const update = Buffer.from(change, "base64");
    this.#bytes += update.length;
    this.#unweighed += update.length;
    try {
      this.#apply(update, REGION);
    } catch {}
  }

  /** Reads all that stands again: a right that was missing may have come. What is known changes nothing. */
  refresh(): void {
    this.#bytes = 0;
    for (const change of this.#parts.changes()) this.hear(change);
  }

  hearPeer(awareness: Uint8Array | undefined): void {
    this.#speakers.hearPeer(awareness);
  }

  async settled(): Promise<void> {
    while (this.#answering !== undefined || !this.#writer.isSettled) await (this.#answering ?? this.#writer.settled());
  }

  close(): void {
    this.#seats.clear();
    this.#held = [];
    this.#answers.close();
    this.#speakers.close();
    this.#doc.destroy();
  }

  #answerSoon(): void {
    if (this.#answering !== undefined || !this.#answers.isDue) return;
    this.#answering = this.#writer.settled().then(() => {
      this.#answering = undefined;
      this.#answers.answer();
      this.#release();
    });
  }

  /** Takes what had to wait; of one seat only, or of all. */
  #release(only?: Seat): void {
    const due = this.#held.filter(({ seat }) => only === undefined || seat === only);
    this.#held = this.#held.filter((one) => !due.includes(one));
    for (const { seat, update } of due)
      try {
        if (this.#seats.has(seat)) this.#change(seat, update);
      } catch (wrong) {
        seat.close(closeFor(wrong));
      }
  }

  #change(seat: Seat, update: Uint8Array): void {
    if (update.length > LIMITS.documentUpdateBytes)
      throw new Refusal("too-large", `One change holds at most ${LIMITS.documentUpdateBytes} bytes.`);
    if (!this.#hasRoomFor(update)) throw new Refusal("too-large", `A document holds at most ${LIMITS.documentBytes} bytes.`);
    const before = this.#waiting();
    guarded(() => this.#apply(update, seat));
    if (this.#waiting() <= before) return;
    this.#early ??= seat.actor;
    // Yjs goes through all that waits for each that joins it: an ordinary client has a few such changes, and only while it connects.
    const early = (this.#seats.get(seat) ?? 0) + 1;
    if (early > EARLY_MOST) throw new Refusal("invalid", "Too many changes wait for some that are not here.");
    this.#seats.set(seat, early);
  }

  /** What was deleted costs nothing once it has been weighed. Of a full one somebody may always delete. */
  #hasRoomFor(update: Uint8Array): boolean {
    const bytes = (): number => this.#bytes + this.#writer.bytes + update.length;
    if (bytes() > LIMITS.documentBytes && this.#unweighed > LIMITS.documentUpdateBytes) {
      this.#bytes = Math.max(0, this.#answers.whole.length - this.#writer.bytes);
      this.#unweighed = 0;
    }
    const most = LIMITS.documentBytes + (isDeletion(update) ? LIMITS.documentUpdateBytes : 0);
    return bytes() <= most;
  }

  /** Bytes of changes that came before those they were made onto. */
  #waiting(): number {
    const { pendingStructs, pendingDs } = this.#doc.store;
    return (pendingStructs?.update.length ?? 0) + (pendingDs?.length ?? 0);
  }

  /** Read through once before: a few bytes may claim millions of changes, and Yjs makes room for as many as are claimed. */
  #apply(update: Uint8Array, by: unknown): void {
    parseUpdateMeta(update);
    this.#answers.changed();
    applyUpdate(this.#doc, update, by);
    if (this.#waiting() === 0) this.#early = undefined;
  }

  #refused(user: string, why: unknown): void {
    for (const seat of this.#seats.keys()) seat.close(seat.actor.user === user ? "forbidden" : "restart");
    this.#parts.failed(why);
  }

  #show(frame: Uint8Array): void {
    for (const seat of this.#seats.keys()) seat.send(frame);
  }

  #isSeat(by: unknown): by is Seat {
    return this.#seats.has(by as Seat);
  }
}

/** Whether an update adds nothing. */
function isDeletion(update: Uint8Array): boolean {
  try {
    return parseUpdateMeta(update).to.size === 0;
  } catch {
    return false;
  }
}

/** What Yjs throws at is no update. */
function guarded(apply: () => void): void {
  try {
    apply();
  } catch {
    throw new Refusal("invalid", "This is no update of a document.");
  }
}
