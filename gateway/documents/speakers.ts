/**
 * Who is where in an open document (awareness), and over which seat: who may speak for whom. It is news only: kept by nobody, told to the other
 * regions, forgotten in 30 s.
 */
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate, removeAwarenessStates } from "y-protocols/awareness";
import type { Doc } from "yjs";
import { Refusal } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Seat } from "./seat.ts";
import { placesUpdate, readPlaces } from "./whereabouts.ts";
import { awarenessFrame } from "./wire.ts";

/** Tells the other regions who of this one is in the document; nothing = asks them. */
export type Tell = (awareness: Uint8Array | undefined) => void;

/** Who says it, beside the seats. */
const PEER = "peer";
const LEFT = "left";

/** How many rounds of tidying somebody who is gone is remembered: as long as others may still repeat where they were. */
const GONE_ROUNDS = 60;

/** The awareness clients that speak over one seat. */
interface Speaking {
  readonly now: Set<number>;
  /** All that ever did. */
  count: number;
}

interface AwarenessChange {
  readonly added: readonly number[];
  readonly updated: readonly number[];
  readonly removed: readonly number[];
}

export class Speakers {
  readonly #awareness: Awareness;
  readonly #tell: Tell;
  readonly #seats = new Map<Seat, Speaking>();
  #gone: ReadonlySet<number> = new Set();
  #rounds = 0;

  constructor(doc: Doc, tell: Tell) {
    this.#awareness = new Awareness(doc);
    this.#tell = tell;
    this.#awareness.setLocalState(null);
    this.#awareness.on("update", (change: AwarenessChange, by: unknown) => this.#moved(change, by));
    tell(undefined);
  }

  /** Clients of which something is known, there or gone. */
  get remembered(): number {
    return this.#awareness.meta.size - (this.#awareness.meta.has(this.#awareness.clientID) ? 1 : 0);
  }

  join(seat: Seat): void {
    this.#seats.set(seat, { now: new Set(), count: 0 });
    this.tellWho(seat);
  }

  leave(seat: Seat): void {
    const speaking = this.#seats.get(seat);
    if (speaking === undefined) return;
    this.#seats.delete(seat);
    removeAwarenessStates(this.#awareness, [...speaking.now], LEFT);
  }

  tellWho(seat: Seat): void {
    const clients = [...this.#awareness.getStates().keys()];
    if (clients.length > 0) seat.send(awarenessFrame(encodeAwarenessUpdate(this.#awareness, clients)));
  }

  /** Of themselves everybody may say what they like; of others, what is said is what these have said. Throws a Refusal where it is none, or too much. */
  hear(seat: Seat, update: Uint8Array): void {
    if (update.length > LIMITS.awarenessBytes) throw new Refusal("too-large", "Too much is said of where somebody is.");
    const places = readPlaces(update).filter(({ client }) => this.#speaksFor(seat, client));
    if (places.length > 0) applyAwarenessUpdate(this.#awareness, placesUpdate(places), seat);
  }

  /** What another region tells, or asks. */
  hearPeer(awareness: Uint8Array | undefined): void {
    if (awareness !== undefined)
      try {
        applyAwarenessUpdate(this.#awareness, placesUpdate(readPlaces(awareness)), PEER);
      } catch {} // news that cannot be read is none
    else {
      const here = [...this.#seats.values()].flatMap(({ now }) => [...now]);
      if (here.length > 0) this.#tell(encodeAwarenessUpdate(this.#awareness, here));
    }
  }

  /** Once a second: who is gone for long is forgotten. */
  tidy(): void {
    this.#rounds += 1;
    if (this.#rounds % GONE_ROUNDS !== 0) return;
    const { meta, states } = this.#awareness;
    for (const client of this.#gone) if (!states.has(client)) meta.delete(client);
    this.#gone = new Set([...meta.keys()].filter((client) => !states.has(client) && client !== this.#awareness.clientID));
  }

  close(): void {
    this.#seats.clear();
    this.#awareness.destroy();
  }

  #speaksFor(seat: Seat, client: number): boolean {
    const speaking = this.#seats.get(seat);
    if (speaking === undefined || speaking.now.has(client)) return speaking !== undefined;
    for (const [other, { now }] of this.#seats) if (now.has(client) && other.actor.user !== seat.actor.user) return false;
    return speaking.count < LIMITS.awarenessClients;
  }

  #moved({ added, updated, removed }: AwarenessChange, by: unknown): void {
    const speaking = this.#seats.get(by as Seat);
    if (speaking !== undefined) for (const client of [...added, ...updated]) this.#speaks(speaking, client);
    for (const { now } of this.#seats.values()) for (const client of removed) now.delete(client);
    const update = encodeAwarenessUpdate(this.#awareness, [...added, ...updated, ...removed]);
    const frame = awarenessFrame(update);
    for (const seat of this.#seats.keys()) seat.send(frame);
    if (speaking !== undefined || by === LEFT) this.#tell(update);
  }

  /** Over this seat from now on, and over no other: the same person's line before may not have ended yet. */
  #speaks(speaking: Speaking, client: number): void {
    if (speaking.now.has(client)) return;
    for (const other of this.#seats.values()) other.now.delete(client);
    speaking.now.add(client);
    speaking.count += 1;
  }
}
