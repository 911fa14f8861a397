/**
 * Answers that were given a moment ago to the very same message: resolvers ask one name for the same networks over and over. An entry holds
 * for as long as the world is the same object, and for a second, so that nothing else that answers hang on (the database of places) is missed.
 * The letters' case is part of the message, as is its EDNS; only the id is not.
 */
export class AnswerCache {
  readonly #answers = new Map<string, Buffer>();
  #world: unknown;
  #sinceMs = 0;

  /** The message without its id: what an answer is kept under. */
  keyOf(message: Buffer): string {
    return message.toString("latin1", 2);
  }

  /** A copy with this message's id. */
  find(key: string, message: Buffer, world: unknown, nowMs: number): Buffer | undefined {
    if (world !== this.#world || nowMs - this.#sinceMs > KEPT_MS) {
      this.#answers.clear();
      this.#world = world;
      this.#sinceMs = nowMs;
      return undefined;
    }
    const known = this.#answers.get(key);
    if (known === undefined) return undefined;
    const answer = Buffer.allocUnsafe(known.length);
    answer.set(known);
    answer[0] = message[0]!;
    answer[1] = message[1]!;
    return answer;
  }

  keep(key: string, answer: Buffer): void {
    if (this.#answers.size < MOST) this.#answers.set(key, Buffer.from(answer));
  }
}

const KEPT_MS = 1_000;
const MOST = 20_000;
