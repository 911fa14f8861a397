/**
 * Nothing twice: what one command did is told once, also where two regions had both taken it (T3) and somebody who changes between them is sent either's
 * event. A command may do several things (a channel and its members), so what was done is part of the key.
 */
import type { WireEvent } from "../../core/objects.ts";

/** Far more than lies between two twins of one command. */
const REMEMBERED = 20_000;

export class Heard {
  readonly #keys = new Set<string>();

  isNew({ actor, command, kind, data, position }: WireEvent): boolean {
    const key = command === "" ? position : `${actor}\n${command}\n${kind}\n${String(data["user"] ?? "")}`;
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    dropOldest(this.#keys, REMEMBERED);
    return true;
  }
}

/** Sets and maps keep the order in which their keys came. */
export function dropOldest(kept: Set<string> | Map<string, unknown>, most: number): void {
  const [oldest] = kept.size > most ? kept.keys() : [];
  if (oldest !== undefined) kept.delete(oldest);
}
