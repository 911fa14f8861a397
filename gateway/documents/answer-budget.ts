/** How much a person's sockets are given of documents on request, all of them together: a few bytes ask for megabytes. */
import { LIMITS } from "../../core/limits.ts";

export class AnswerBudget {
  /** By user, what has been given and no second has paid for yet. */
  readonly #owed = new Map<string, number>();

  allows(user: string): boolean {
    return (this.#owed.get(user) ?? 0) < LIMITS.documentAnswerBytes;
  }

  spend(user: string, bytes: number): void {
    this.#owed.set(user, (this.#owed.get(user) ?? 0) + bytes);
  }

  /** Once a second. */
  renew(): void {
    for (const [user, owed] of this.#owed) {
      if (owed <= LIMITS.documentAnswerBytes) this.#owed.delete(user);
      else this.#owed.set(user, owed - LIMITS.documentAnswerBytes);
    }
  }
}
