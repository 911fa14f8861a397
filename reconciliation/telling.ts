/** What fan-out hears (M6): every event once, as clients see it, before and independent of the store's commit. */
import type { WireEvent } from "../core/objects.ts";
import type { Feed, Told } from "../core/ports/feed.ts";
import type { Reader } from "../core/ports/reader.ts";
import type { TableReader } from "../core/ports/state-store.ts";
import type { RegisterKey } from "../core/register.ts";
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

  #toldOf({ placed, after, silent, records, turned }: Applied): Told {
    const { tables, reader, isDistrusted } = this.#parts;
    const { users, privately } = audienceOf(placed.event);
    const names = shownNames(tables);
    const conflicts = records.map(({ register, record, newLosers }) => {
      const conflict = conflictView(register, record, names, { viewer: ANYBODY, isDistrusted });
      const { channel, user } = membershipOf(register.key);
      return { conflict, channel, losers: newLosers, ...(user === undefined ? {} : { about: user }) };
    });
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
      turned: turned.map((key) => {
        const { channel, user = "" } = membershipOf(key);
        return { channel, user };
      }),
    };
  }
}

/** `user`: whose membership the register is, if it is one. */
function membershipOf(key: RegisterKey): { readonly channel: string; readonly user: string | undefined } {
  const { kind, channel, ids } = readKey(key);
  return { channel, user: kind === "member" ? ids[0] : undefined };
}
