/**
 * One document while people have it open here. Its text is what stands in the region; a person's change is shown to others once it is durable, so
 * what is refused reaches nobody. Who is where in it (awareness) is news only: kept by nobody, told to the other regions, forgotten in 30 s.
 */
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate, removeAwarenessStates } from "y-protocols/awareness";
import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector } from "yjs";
import type { Actor } from "../../core/command.ts";
import { Refusal } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { CloseName } from "../close-codes.ts";
import type { DocumentFrame } from "./wire.ts";
import { askFrame, awarenessFrame, changeFrame, lackedFrame } from "./wire.ts";
import { DocumentWriter, type WriterParts } from "./writer.ts";

/** Somebody who has the document open, over one socket. */
export interface Seat {
  readonly actor: Actor;
  send(frame: Uint8Array): void;
  close(why: CloseName): void;
}
export interface RoomParts extends Omit<WriterParts, "durable" | "refused"> {
  /** All changes that stand here now, base64. */
  readonly changes: () => Iterable<string>;
  /** Tells the other regions who of this one is in the document; nothing = asks them. */
  readonly tell: (awareness: Uint8Array | undefined) => void;
  /** What was shown here is not what stands: everybody comes again, to a room made anew. */
  readonly failed: (why: unknown) => void;
}

/** Who changes the document in this process beside its seats. */
const REGION = "region";
const PEER = "peer";
const LEFT = "left";

interface AwarenessChange {
  readonly added: readonly number[];
  readonly updated: readonly number[];
  readonly removed: readonly number[];
}

export class DocumentRoom {
  readonly #parts: RoomParts;
  readonly #doc = new Doc();
  readonly #awareness = new Awareness(this.#doc);
  readonly #writer: DocumentWriter;
  /** Each with the awareness clients that speak over it. */
  readonly #seats = new Map<Seat, Set<number>>();
  #bytes = 0;

  constructor(parts: RoomParts) {
    this.#parts = parts;
    this.#awareness.setLocalState(null);
    this.#writer = new DocumentWriter({
      ...parts,
      durable: (update) => this.#show(changeFrame(update)),
      refused: (user, why) => this.#refused(user, why),
    });
    this.refresh();
    this.#doc.on("update", (update: Uint8Array, by: unknown) => {
      if (this.#isSeat(by)) this.#writer.take(by.actor, update);
      else this.#show(changeFrame(update));
    });
    this.#awareness.on("update", (change: AwarenessChange, by: unknown) => this.#moved(change, by));
    parts.tell(undefined);
  }

  get isEmpty(): boolean {
    return this.#seats.size === 0 && this.#writer.isSettled;
  }
  get seats(): Iterable<Seat> {
    return this.#seats.keys();
  }

  join(seat: Seat): void {
    this.#seats.set(seat, new Set());
    seat.send(askFrame(encodeStateVector(this.#doc)));
    this.#tellWho(seat);
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
        if (frame.update.length > LIMITS.awarenessBytes) throw new Refusal("too-large", "Too much is said of where somebody is.");
        guarded(() => applyAwarenessUpdate(this.#awareness, frame.update, seat));
        break;
      case "who":
        this.#tellWho(seat);
    }
  }

  leave(seat: Seat): void {
    const people = this.#seats.get(seat);
    if (people === undefined) return;
    this.#seats.delete(seat);
    removeAwarenessStates(this.#awareness, [...people], LEFT);
  }

  /** A change has happened in the region, here or elsewhere. What Yjs cannot read says nothing, in every region alike. */
  hear(change: string): void {
    const update = Buffer.from(change, "base64");
    this.#bytes += update.length;
    try {
      applyUpdate(this.#doc, update, REGION);
    } catch {}
  }

  /** Reads all that stands again: a right that was missing may have come. What is known changes nothing. */
  refresh(): void {
    this.#bytes = 0;
    for (const change of this.#parts.changes()) this.hear(change);
  }

  hearPeer(awareness: Uint8Array | undefined): void {
    if (awareness !== undefined)
      try {
        applyAwarenessUpdate(this.#awareness, awareness, PEER);
      } catch {} // news that cannot be read is none
    else {
      const here = [...this.#seats.values()].flatMap((people) => [...people]);
      if (here.length > 0) this.#parts.tell(encodeAwarenessUpdate(this.#awareness, here));
    }
  }

  settled(): Promise<void> {
    return this.#writer.settled();
  }

  close(): void {
    this.#seats.clear();
    this.#awareness.destroy();
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
    if (this.#bytes + update.length > LIMITS.documentBytes)
      throw new Refusal("too-large", `A document holds at most ${LIMITS.documentBytes} bytes.`);
    guarded(() => applyUpdate(this.#doc, update, seat));
  }

  #refused(user: string, why: unknown): void {
    for (const seat of this.#seats.keys()) seat.close(seat.actor.user === user ? "forbidden" : "restart");
    this.#parts.failed(why);
  }

  #moved({ added, updated, removed }: AwarenessChange, by: unknown): void {
    const people = this.#isSeat(by) ? this.#seats.get(by) : undefined;
    for (const client of added) people?.add(client);
    for (const client of removed) people?.delete(client);
    const update = encodeAwarenessUpdate(this.#awareness, [...added, ...updated, ...removed]);
    this.#show(awarenessFrame(update));
    if (people !== undefined || by === LEFT) this.#parts.tell(update);
  }

  #tellWho(seat: Seat): void {
    const clients = [...this.#awareness.getStates().keys()];
    if (clients.length > 0) seat.send(awarenessFrame(encodeAwarenessUpdate(this.#awareness, clients)));
  }

  #show(frame: Uint8Array): void {
    for (const seat of this.#seats.keys()) seat.send(frame);
  }

  #isSeat(by: unknown): by is Seat {
    return this.#seats.has(by as Seat);
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
