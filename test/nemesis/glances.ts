/** What somebody saw who looked at a channel again and again: nothing they saw is gone later, and nothing goes back. */
import type { ShownMessage } from "../../gateway/client/connect.ts";

const STEPS: readonly string[] = ["pending", "accepted", "replicated"];

export class Glances {
  /** By key, as it was seen last. */
  readonly #seen = new Map<string, ShownMessage>();
  readonly #wrong = new Set<string>();

  look(messages: readonly ShownMessage[]): void {
    const now = new Map(messages.map((message) => [message.key, message]));
    if (now.size < messages.length) this.#wrong.add("two messages with one key");
    for (const [key, before] of this.#seen) {
      const after = now.get(key);
      if (after === undefined) this.#wrong.add(`${key} was shown, and is gone`);
      else this.#compare(key, before, after);
    }
    for (const [key, message] of now) this.#seen.set(key, message);
  }

  /** What was wrong, each kind of it once a message. */
  wrong(): readonly string[] {
    return [...this.#wrong];
  }

  #compare(key: string, before: ShownMessage, after: ShownMessage): void {
    if (before === after) return;
    const [was, is] = [before.state, after.state].map((state) => STEPS.indexOf(state));
    if (was !== -1 && is !== -1 && (is ?? 0) < (was ?? 0)) this.#wrong.add(`${key} was ${before.state}, and is ${after.state}`);
    if (before.state !== "pending" && after.state === "pending") this.#wrong.add(`${key} was ${before.state}, and is pending`);
    if (before.deleted && before.changing.length === 0 && !after.deleted) this.#wrong.add(`${key} was deleted, and is back`);
    if (before.id !== undefined && after.id === undefined) this.#wrong.add(`${key} has lost its id`);
  }
}
