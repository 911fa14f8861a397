/**
 * One document while people have it open here. Its text is what stands in the region; a person's change is shown to others once it is durable, so
 * what is refused reaches nobody. Who is where in it (awareness) is news only: kept by nobody, told to the other regions, forgotten in 30 s.
 */
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate, removeAwarenessStates } from "y-protocols/awareness";
import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector, parseUpdateMeta } from "yjs";
import type { Actor } from "../../core/command.ts";
import { Refusal } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { CloseName } from "../close-codes.ts";
import { placesUpdate, readPlaces } from "./whereabouts.ts";
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

/** How many rounds of tidying somebody who is gone is remembered: as long as others may still repeat where they were. */
const GONE_ROUNDS = 60;

/** Changes of one seat that may come before those they were made onto. */
const EARLY_MOST = 256;

/** The awareness clients that speak over one seat. */
interface Speaking {
  readonly now: Set<number>;
  /** All that ever did. */
  count: number;
  /** Changes over it that came before those they were made onto. */
  early: number;
}

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
  readonly #seats = new Map<Seat, Speaking>();
  #gone: ReadonlySet<number> = new Set();
  #rounds = 0;
  /** What opening it costs: its state when it was weighed, which takes time, and all that has come since. */
  #bytes = 0;
  /** So much has come since, or a second has passed. */
  #unweighed = Number.POSITIVE_INFINITY;
  /** Whose change waits here for one that it was made onto. */
  #early: Actor | undefined;

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
      const author = this.#isSeat(by) ? by.actor : this.#early;
      if (author === undefined) this.#show(changeFrame(update));
      else this.#writer.take(author, update); // with what the region brought, where that was waited for: said twice it is said once
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
    this.#seats.set(seat, { now: new Set(), count: 0, early: 0 });
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
        this.#hearWhere(seat, frame.update);
        break;
      case "who":
        this.#tellWho(seat);
    }
  }

  leave(seat: Seat): void {
    const speaking = this.#seats.get(seat);
    if (speaking === undefined) return;
    this.#seats.delete(seat);
    removeAwarenessStates(this.#awareness, [...speaking.now], LEFT);
  }

  /** Once a second: who is gone for long is forgotten, and what seemed full may be weighed again. */
  tidy(): void {
    this.#unweighed = Number.POSITIVE_INFINITY;
    this.#rounds += 1;
    if (this.#rounds % GONE_ROUNDS !== 0) return;
    const { meta, states } = this.#awareness;
    for (const client of this.#gone) if (!states.has(client)) meta.delete(client);
    this.#gone = new Set([...meta.keys()].filter((client) => !states.has(client) && client !== this.#awareness.clientID));
  }
  /** Clients of which something is known, there or gone. */
  get remembered(): number {
    return this.#awareness.meta.size - (this.#awareness.meta.has(this.#awareness.clientID) ? 1 : 0);
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
    if (awareness !== undefined)
      try {
        applyAwarenessUpdate(this.#awareness, placesUpdate(readPlaces(awareness)), PEER);
      } catch {} // news that cannot be read is none
    else {
      const here = [...this.#seats.values()].flatMap(({ now }) => [...now]);
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
    if (!this.#hasRoomFor(update)) throw new Refusal("too-large", `A document holds at most ${LIMITS.documentBytes} bytes.`);
    const before = this.#waiting();
    guarded(() => this.#apply(update, seat));
    if (this.#waiting() <= before) return;
    this.#early ??= seat.actor;
    const speaking = this.#seats.get(seat);
    // Yjs goes through all that waits for each that joins it: an ordinary client has a few such changes, and only while it connects.
    if (speaking !== undefined && (speaking.early += 1) > EARLY_MOST)
      throw new Refusal("invalid", "Too many changes wait for some that are not here.");
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

  /** Of themselves everybody may say what they like; of others, what is said is what these have said. */
  #hearWhere(seat: Seat, update: Uint8Array): void {
    const places = readPlaces(update).filter(({ client }) => this.#speaksFor(seat, client));
    if (places.length > 0) guarded(() => applyAwarenessUpdate(this.#awareness, placesUpdate(places), seat));
  }

  #speaksFor(seat: Seat, client: number): boolean {
    const speaking = this.#seats.get(seat);
    if (speaking === undefined || speaking.now.has(client)) return speaking !== undefined;
    for (const [other, { now }] of this.#seats) if (now.has(client) && other.actor.user !== seat.actor.user) return false;
    return speaking.count < LIMITS.awarenessClients;
  }

  #refused(user: string, why: unknown): void {
    for (const seat of this.#seats.keys()) seat.close(seat.actor.user === user ? "forbidden" : "restart");
    this.#parts.failed(why);
  }

  #moved({ added, updated, removed }: AwarenessChange, by: unknown): void {
    const speaking = this.#isSeat(by) ? this.#seats.get(by) : undefined;
    if (speaking !== undefined) for (const client of [...added, ...updated]) this.#speaks(speaking, client);
    for (const { now } of this.#seats.values()) for (const client of removed) now.delete(client);
    const update = encodeAwarenessUpdate(this.#awareness, [...added, ...updated, ...removed]);
    this.#show(awarenessFrame(update));
    if (speaking !== undefined || by === LEFT) this.#parts.tell(update);
  }

  /** Over this seat from now on, and over no other: the same person's line before may not have ended yet. */
  #speaks(speaking: Speaking, client: number): void {
    if (speaking.now.has(client)) return;
    for (const other of this.#seats.values()) other.now.delete(client);
    speaking.now.add(client);
    speaking.count += 1;
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
