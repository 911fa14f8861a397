/** What fan-out hears (M6): every event once, as clients see it, before and independent of the store's commit. */
import type { WireEvent } from "../core/objects.ts";
import type { Feed, Told } from "../core/ports/feed.ts";
import type { Reader } from "../core/ports/reader.ts";
import type { TableReader } from "../core/ports/state-store.ts";
import { readKey } from "../core/register.ts";
import type { Stamp } from "../core/stamp.ts";
import { audienceOf } from "./event-rows.ts";
import { conflictView } from "./read/conflict-view.ts";
import { ANYBODY } from "./read/seeing.ts";
import { shownNames } from "./read/shown-names.ts";
import type { Applied } from "./replica.ts";

export interface TellingParts {
  readonly tables: TableReader;
  readonly reader: Reader;
  readonly isDistrusted: (stamp: Stamp) => boolean;
}

export class Telling implements Feed {
  readonly #parts: TellingParts;
  readonly #listeners = new Set<(told: Told) => void>();

  constructor(parts: TellingParts) {
    this.#parts = parts;
  }

  listen(listener: (told: Told) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(applied: Applied): void {
    if (this.#listeners.size === 0) return;
    const told = this.#toldOf(applied);
    for (const listener of this.#listeners) listener(told);
  }

  #toldOf({ placed, after, silent, records }: Applied): Told {
    const { tables, reader, isDistrusted } = this.#parts;
    const { users, privately } = audienceOf(placed.event);
    const names = shownNames(tables);
    const conflicts = records.map(({ register, record, newLosers }) => ({
      conflict: conflictView(register, record, names, { viewer: ANYBODY, isDistrusted }),
      channel: readKey(register.key).channel,
      losers: newLosers,
    }));
    let wire: WireEvent | undefined;
    return {
      placed,
      get wire() {
        return (wire ??= reader.wire(placed));
      },
      channel: placed.event.channel,
      users,
      privately,
      silent,
      after,
      conflicts,
    };
  }
}
