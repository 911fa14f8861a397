/** One event's frames: its JSON is made once, and one frame serves all connections that stand at the same cursor. */
import type { WireEvent } from "../core/objects.ts";
import type { WireFrame } from "./wire-frame.ts";
import { wireFrame } from "./wire-frame.ts";

export class SharedFrames {
  readonly #event: WireEvent;
  readonly #frames = new Map<string, WireFrame>();
  #json: string | undefined;

  constructor(event: WireEvent) {
    this.#event = event;
  }

  /** How many frames were built. */
  get built(): number {
    return this.#frames.size;
  }

  at(cursor: string): WireFrame {
    const known = this.#frames.get(cursor);
    if (known !== undefined) return known;
    this.#json ??= JSON.stringify(this.#event);
    const frame = wireFrame(`{"type":"event","event":${this.#json},"cursor":"${cursor}"}`, true);
    this.#frames.set(cursor, frame);
    return frame;
  }
}
