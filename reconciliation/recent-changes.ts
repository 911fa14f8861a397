/**
 * Which messages have changed since a moment not long ago: what a page from a store that follows must be completed with. Bounded: of what lies
 * further back nothing is known, and the store is then too far behind to be read.
 */
import type { TableReader } from "../core/ports/state-store.ts";
import { readKey } from "../core/register.ts";
import { changesAfter, lastChange } from "./changes.ts";

const KEPT = 2_000;
const PAGE = 500;

export class RecentChanges {
  readonly #tables: TableReader;
  /** Everything after this is known. */
  #from: number;
  #upTo: number;
  /** Channel -> message -> its last change. */
  #changed = new Map<string, Map<string, number>>();

  constructor(tables: TableReader) {
    this.#tables = tables;
    this.#from = this.#upTo = Math.max(0, lastChange(tables) - KEPT);
  }

  /** Identities of the channel's messages that have changed after `since`; undefined when it lies too far back. */
  changedIn(channel: string, since: number): ReadonlySet<string> | undefined {
    this.#readOn();
    if (since < this.#from) return undefined;
    const found = new Set<string>();
    for (const [message, change] of this.#changed.get(channel) ?? []) if (change > since) found.add(message);
    return found;
  }

  #readOn(): void {
    const last = lastChange(this.#tables);
    if (last - this.#upTo > KEPT) {
      this.#changed = new Map();
      this.#from = this.#upTo = last - KEPT;
    }
    for (;;) {
      const changes = changesAfter(this.#tables, this.#upTo, PAGE);
      if (changes === undefined) break;
      for (const key of changes.registers.keys()) this.#note(key, changes.upTo);
      this.#upTo = changes.upTo;
    }
    if (this.#upTo - this.#from > 2 * KEPT) this.#forget(this.#upTo - KEPT);
  }

  #note(key: string, change: number): void {
    const { channel, kind, ids } = readKey(key);
    if (kind !== "body" && kind !== "reaction") return;
    let messages = this.#changed.get(channel);
    if (messages === undefined) this.#changed.set(channel, (messages = new Map()));
    messages.set(ids[0] ?? "", change);
  }

  #forget(upTo: number): void {
    this.#from = upTo;
    for (const [channel, messages] of this.#changed) {
      for (const [message, change] of messages) if (change <= upTo) messages.delete(message);
      if (messages.size === 0) this.#changed.delete(channel);
    }
  }
}
