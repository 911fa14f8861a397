/** An event with its canonical text at hand: it is written once, hashed, and stored as it is written (D9). */
import type { Event, Placed } from "./event.ts";
import type { Position } from "./position.ts";

/** To all who read it a placed event like any other; only a store that keeps text asks for more. */
export class WrittenEvent implements Placed {
  readonly position: Position;
  readonly event: Event;
  readonly #text: string;

  constructor({ position, event }: Placed, text: string) {
    this.position = position;
    this.event = event;
    this.#text = text;
  }

  /** JSON of the whole. */
  get json(): string {
    return `{"position":${JSON.stringify(this.position)},"event":${this.#text}}`;
  }
}
