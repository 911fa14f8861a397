/**
 * The events that wait for one webhook: a row each, the oldest first. Those that failed before are held in memory, as each has a time of its own at
 * which it is due; all others stand behind the last that was tried and are read as their turn comes.
 */
import type { HookWaiting } from "../../core/ports/state-store.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import { justAfter } from "../read/pages.ts";
import type { TableWriter } from "../register-rows.ts";
import { notAhead } from "./former-clock.ts";

export interface Waiting {
  readonly key: string;
  readonly waiting: HookWaiting;
}

export class HookQueue {
  readonly #tables: TableWriter;
  /** What all keys of this webhook begin with. */
  readonly #prefix: string;
  /** Events that failed before, oldest first. All others that wait stand behind `#fresh`. */
  #tried: readonly Waiting[];
  #fresh: string;
  #length = 0;

  /** Finds what waited when the region went; what a former life made under a clock ahead is due no later for it. */
  constructor(tables: TableWriter, webhook: string, nowMs: number) {
    this.#tables = tables;
    this.#prefix = `${webhook}|`;
    const tried: Waiting[] = [];
    for (const [key, waiting] of tables.range("hookQueue", keysUnder(this.#prefix))) {
      this.#length += 1;
      if (waiting.tries > 0) tried.push({ key, waiting: notAhead(waiting, nowMs) });
    }
    this.#tried = tried;
    this.#fresh = tried.at(-1)?.key ?? this.#prefix;
  }

  get length(): number {
    return this.#length;
  }

  /** One event more, under a key behind all others. */
  add(key: string, waiting: HookWaiting): void {
    this.#tables.put("hookQueue", key, waiting);
    this.#length += 1;
  }

  /** The oldest that is due: first of those that failed before, of which all are due that were last tried before `recoveredMs`. */
  oldestDue(nowMs: number, recoveredMs: number): Waiting | undefined {
    const again = this.#tried.find(({ waiting }) => waiting.dueMs <= nowMs || waiting.triedMs < recoveredMs);
    if (again !== undefined) return again;
    const range = { from: justAfter(this.#fresh), to: keysUnder(this.#prefix).to, limit: 1 };
    for (const [key, waiting] of this.#tables.range("hookQueue", range)) return { key, waiting };
    return undefined;
  }

  /** When the first of those that failed before is due, by the wall clock; undefined where there is none. */
  nextDueMs(): number | undefined {
    return this.#tried.length === 0 ? undefined : Math.min(...this.#tried.map(({ waiting }) => waiting.dueMs));
  }

  /** Keys of the oldest, up to the first that was made after `ms`. */
  madeUpTo(ms: number): readonly string[] {
    const old: string[] = [];
    for (const [key, { madeMs }] of this.#tables.range("hookQueue", keysUnder(this.#prefix))) {
      if (madeMs > ms) break;
      old.push(key);
    }
    return old;
  }

  /** It has failed, and has another turn. */
  keep(one: Waiting): void {
    this.#tables.put("hookQueue", one.key, one.waiting);
    const others = this.#tried.filter(({ key }) => key !== one.key);
    this.#tried = [...others, one].sort((a, b) => (a.key < b.key ? -1 : 1));
    this.#passed(one.key);
  }

  remove(key: string): void {
    this.#tables.put("hookQueue", key, undefined);
    this.#tried = this.#tried.filter((one) => one.key !== key);
    this.#passed(key);
    this.#length -= 1;
  }

  clear(): void {
    for (const [key] of [...this.#tables.range("hookQueue", keysUnder(this.#prefix))]) this.#tables.put("hookQueue", key, undefined);
    [this.#tried, this.#length] = [[], 0];
  }

  #passed(key: string): void {
    if (key > this.#fresh) this.#fresh = key;
  }
}
