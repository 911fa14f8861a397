/**
 * What people change in one document, brought into the region's log: one command at a time, changes of one person that come meanwhile joined, and
 * each tried again under the same id until it is answered (T3).
 */
import { mergeUpdates } from "yjs";
import type { Actor, CommandOf } from "../../core/command.ts";
import { Refusal } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Timers } from "../../core/ports/time.ts";

export interface WriterParts {
  readonly channel: string;
  readonly document: string | null;
  readonly submit: (actor: Actor, command: CommandOf<"document.update">) => Promise<unknown>;
  readonly timers: Timers;
  readonly newId: () => string;
  /** A change is durable here. */
  readonly durable: (update: Uint8Array) => void;
  /** A change was refused for good, or nobody answered for too long; what waited behind it is dropped too. */
  readonly refused: (user: string, why: unknown) => void;
}
interface Waiting {
  readonly actor: Actor;
  readonly updates: Uint8Array[];
}

/** At most so many commands a second of one document here: who types is not an event a letter. */
const PACE_MS = 50;
const AGAIN_MS = 250;
const AGAIN_MOST_MS = 4_000;
const TRIES = 20;

export class DocumentWriter {
  readonly #parts: WriterParts;
  /** By user, in the order in which they began to wait. */
  readonly #waiting = new Map<string, Waiting>();
  #running: Promise<void> | undefined;
  #bytes = 0;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  take(actor: Actor, update: Uint8Array): void {
    this.#bytes += update.length;
    const waiting = this.#waiting.get(actor.user);
    if (waiting === undefined) this.#waiting.set(actor.user, { actor, updates: [update] });
    else waiting.updates.push(update);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Of all that was taken and is not durable yet. */
  get bytes(): number {
    return this.#bytes;
  }

  get isSettled(): boolean {
    return this.#running === undefined;
  }

  /** Resolves when everything taken so far is durable, or was refused. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    for (;;) {
      const next = this.#next();
      if (next === undefined) return;
      try {
        await this.#surely(next.actor, next.update);
      } catch (why) {
        this.#waiting.clear();
        this.#bytes = 0;
        this.#parts.refused(next.actor.user, why);
        return;
      }
      this.#bytes -= next.bytes;
      this.#parts.durable(next.update);
      await this.#pause(PACE_MS);
    }
  }

  /** As many changes of whoever waits longest as one command may hold. */
  #next(): { readonly actor: Actor; readonly update: Uint8Array; readonly bytes: number } | undefined {
    const [one] = this.#waiting.values();
    if (one === undefined) return undefined;
    let bytes = 0;
    let count = 0;
    for (const { length } of one.updates) {
      if (count > 0 && bytes + length > LIMITS.documentUpdateBytes / 2) break;
      bytes += length;
      count += 1;
    }
    const updates = one.updates.splice(0, count);
    this.#waiting.delete(one.actor.user);
    if (one.updates.length > 0) this.#waiting.set(one.actor.user, one);
    const [only] = updates;
    return { actor: one.actor, update: updates.length === 1 && only !== undefined ? only : mergeUpdates(updates), bytes };
  }

  async #surely(actor: Actor, update: Uint8Array): Promise<void> {
    const { channel, document, submit, newId } = this.#parts;
    const text = Buffer.from(update).toString("base64");
    const command = { id: newId(), kind: "document.update", channel, document, update: text } as const;
    for (let tries = 1; ; tries += 1)
      try {
        await submit(actor, command);
        return;
      } catch (refused) {
        if (!(refused instanceof Refusal && refused.retryable) || tries === TRIES) throw refused;
        await this.#pause(Math.min(AGAIN_MOST_MS, AGAIN_MS * 2 ** (tries - 1)));
      }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((later) => this.#parts.timers.after(ms, later));
  }
}
