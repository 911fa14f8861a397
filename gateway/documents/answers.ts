/**
 * What those who ask for a document are given: the whole of it is encoded once, however many ask, and nobody is given more than their budget; who has
 * used it up waits. What is on its way into the log may still be refused: nobody is given it before.
 */
import { type Doc, decodeStateVector, encodeStateAsUpdate } from "yjs";
import type { AnswerBudget } from "./answer-budget.ts";
import type { Seat } from "./seat.ts";
import { lackedFrame } from "./wire.ts";

/** To find what somebody lacks, all of a document is gone through, however little it is. */
const SEARCHED_PARTS = 8;

export class Answers {
  readonly #doc: Doc;
  readonly #budget: AnswerBudget;
  /** What each knew when it asked last. */
  readonly #asked = new Map<Seat, Uint8Array>();
  #whole: Uint8Array | undefined;

  constructor(doc: Doc, budget: AnswerBudget) {
    this.#doc = doc;
    this.#budget = budget;
  }

  /** Whether there is somebody who may be answered. */
  get isDue(): boolean {
    for (const seat of this.#asked.keys()) if (this.#budget.allows(seat.actor.user)) return true;
    return false;
  }

  /** `vector`: what the asker has. A later question takes the place of one that waits. */
  ask(seat: Seat, vector: Uint8Array): void {
    this.#asked.set(seat, vector);
  }

  leave(seat: Seat): void {
    this.#asked.delete(seat);
  }

  close(): void {
    this.#asked.clear();
  }

  /** The document is another now. */
  changed(): void {
    this.#whole = undefined;
  }

  /** All of the document as a frame. */
  get whole(): Uint8Array {
    this.#whole ??= lackedFrame(encodeStateAsUpdate(this.#doc));
    return this.#whole;
  }

  /** Everything in the document is durable: whoever may is answered. */
  answer(): void {
    for (const [seat, vector] of this.#asked) {
      if (!this.#budget.allows(seat.actor.user)) continue;
      this.#asked.delete(seat);
      try {
        const { frame, bytes } = this.#lacking(vector);
        this.#budget.spend(seat.actor.user, bytes);
        seat.send(frame);
      } catch {
        seat.close("badFrame"); // the vector was none
      }
    }
  }

  #lacking(vector: Uint8Array): { readonly frame: Uint8Array; readonly bytes: number } {
    const { clients } = this.#doc.store;
    if (![...decodeStateVector(vector).keys()].some((client) => clients.has(client)))
      return { frame: this.whole, bytes: this.whole.length };
    const frame = lackedFrame(encodeStateAsUpdate(this.#doc, vector));
    return { frame, bytes: Math.max(frame.length, (this.#whole?.length ?? 0) / SEARCHED_PARTS) };
  }
}
