/**
 * One document while people have it open here. Its text is what stands in the region; a person's change is shown to others once it is durable, so
 * what is refused reaches nobody.
 */
import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector, parseUpdateMeta } from "yjs";
import type { Actor } from "../../core/command.ts";
import { Refusal } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Seat } from "./seat.ts";
import { Speakers, type Tell } from "./speakers.ts";
import type { DocumentFrame } from "./wire.ts";
import { askFrame, changeFrame, lackedFrame } from "./wire.ts";
import { DocumentWriter, type WriterParts } from "./writer.ts";

export interface RoomParts extends Omit<WriterParts, "durable" | "refused"> {
  /** All changes that stand here now, base64. */
  readonly changes: () => Iterable<string>;
  readonly tell: Tell;
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
    return this.#seats.size === 0 && this.#writer.isSettled;
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
        // What is on its way into the log may still be refused: nobody is given it before.
        void this.#writer.settled().then(() => this.#answer(seat, frame.vector));
        break;
      case "change":
        this.#change(seat, frame.update);
        break;
      case "awareness":
        this.#speakers.hear(seat, frame.update);
        break;
      case "who":
        this.#speakers.tellWho(seat);
    }
  }

  leave(seat: Seat): void {
    this.#seats.delete(seat);
    this.#speakers.leave(seat);
  }

  /** Once a second: who is gone for long is forgotten, and what seemed full may be weighed again. */
  tidy(): void {
    this.#unweighed = Number.POSITIVE_INFINITY;
    this.#speakers.tidy();
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

  settled(): Promise<void> {
    return this.#writer.settled();
  }

  close(): void {
    this.#seats.clear();
    this.#speakers.close();
    this.#doc.destroy();
  }

  #answer(seat: Seat, vector: Uint8Array): void {
    if (!this.#seats.has(seat)) return;
    try {
      seat.send(lackedFrame(encodeStateAsUpdate(this.#doc, vector)));
    } catch {
      seat.close("badFrame"); // the vector was none
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
    if (this.#bytes + update.length > LIMITS.documentBytes && this.#unweighed > LIMITS.documentUpdateBytes) {
      this.#bytes = encodeStateAsUpdate(this.#doc).length;
      this.#unweighed = 0;
    }
    const most = LIMITS.documentBytes + (isDeletion(update) ? LIMITS.documentUpdateBytes : 0);
    return this.#bytes + update.length <= most;
  }

  /** Bytes of changes that came before those they were made onto. */
  #waiting(): number {
    const { pendingStructs, pendingDs } = this.#doc.store;
    return (pendingStructs?.update.length ?? 0) + (pendingDs?.length ?? 0);
  }

  /** Read through once before: a few bytes may claim millions of changes, and Yjs makes room for as many as are claimed. */
  #apply(update: Uint8Array, by: unknown): void {
    parseUpdateMeta(update);
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
