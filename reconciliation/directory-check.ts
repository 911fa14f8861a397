/**
 * Memberships as the directory store holds them, compared bit by bit with this region's registers: what is missing there, or says otherwise, is
 * said again, and what nobody ever said is taken away. The projection brings changes and notices a store that holds less than it had acknowledged;
 * this notices single documents that somebody has changed or lost.
 */
import type { DirectoryStore, SaidMembership, StoredMembership, Worded } from "../core/ports/directory-store.ts";
import { wordText } from "../core/ports/history-store.ts";
import type { StateStore } from "../core/ports/state-store.ts";
import { keysUnder } from "../core/ports/state-store.ts";
import type { Register, RegisterKey } from "../core/register.ts";
import { readKey, registerKey } from "../core/register.ts";
import { isStamp, stampRegion } from "../core/stamp.ts";
import { changesAfter, lastChange } from "./changes.ts";
import { membershipWrite } from "./directory-sink.ts";
import { justAfter } from "./read/pages.ts";

export interface DirectoryCheckParts {
  readonly region: string;
  readonly directory: DirectoryStore;
  readonly store: StateStore;
  /** What of it this process brings there, and how far it has come. */
  readonly bringing: { readonly taken: number; readonly reachable: boolean };
  readonly isOurs: (channel: string) => boolean;
  readonly mended: (memberships: number) => void;
  readonly page?: number;
}

const PAGE = 500;
/** Registers read at once: a channel may have very many members. */
const ROWS = 100;
/** With more changes under way the store is behind, and not wrong. */
const UNDER_WAY = 2_000;

export class DirectoryCheck {
  readonly #parts: DirectoryCheckParts;
  readonly #page: number;
  /** "<channel>|<user>" that was looked at last. */
  #place = "";
  #looking = false;

  constructor(parts: DirectoryCheckParts) {
    this.#parts = parts;
    this.#page = parts.page ?? PAGE;
  }

  /** Looks at the next memberships. Rejects when the store does not answer; it is looked at again the next time. */
  async look(): Promise<void> {
    const { bringing, directory, store } = this.#parts;
    const { taken } = bringing;
    const isBehind = (): boolean => lastChange(store) - taken > UNDER_WAY;
    if (this.#looking || !bringing.reachable || isBehind()) return;
    this.#looking = true;
    try {
      const said = await directory.membershipsSaid(this.#place, this.#page);
      if (isBehind()) return;
      const { registers, end } = this.#stretch(said);
      const looked = said.filter((one) => placeOf(one) <= end);
      await this.#mend(looked, registers, this.#changedAfter(taken));
      this.#place = end === LAST ? "" : end;
    } finally {
      this.#looking = false;
    }
  }

  /** Registers of the same stretch, up to where both sides have been read. */
  #stretch(said: readonly SaidMembership[]): { readonly registers: ReadonlyMap<string, Register>; readonly end: string } {
    const last = said.at(-1);
    let end = said.length < this.#page || last === undefined ? LAST : placeOf(last);
    const registers = new Map<string, Register>();
    for (const register of membersAfter(this.#parts.store, this.#place)) {
      const place = placeOfKey(register.key);
      if (place > end) break;
      registers.set(place, register);
      if (registers.size < 2 * this.#page) continue;
      end = place;
      break;
    }
    return { registers, end };
  }

  #changedAfter(taken: number): ReadonlySet<RegisterKey> {
    return new Set(changesAfter(this.#parts.store, taken, UNDER_WAY)?.registers.keys() ?? []);
  }

  async #mend(
    said: readonly SaidMembership[],
    registers: ReadonlyMap<string, Register>,
    underWay: ReadonlySet<RegisterKey>,
  ): Promise<void> {
    const { directory, store, isOurs, mended } = this.#parts;
    const there = new Map(said.map((one) => [placeOf(one), one]));
    const isLookedAt = (channel: string, user: string): boolean => isOurs(channel) && !underWay.has(registerKey.member(channel, user));
    const wrong: Worded<StoredMembership>[] = [];
    for (const [place, register] of registers)
      for (const should of membershipWrite(register, lastChange(store)))
        if (isLookedAt(should.channel, should.user) && differs(should, there.get(place))) wrong.push(should);
    const strange = said.filter(
      (one) => one.role !== null && !registers.has(placeOf(one)) && isLookedAt(one.channel, one.user) && !this.#mayBeAPeers(one),
    );
    if (wrong.length > 0) await directory.write({ users: [], people: [], channels: [], memberships: wrong, aliases: [], webhooks: [] });
    if (strange.length > 0) await directory.forget(strange);
    if (wrong.length + strange.length > 0) mended(wrong.length + strange.length);
  }

  /** Regions may share a database: a peer may have said there what has not come here yet. */
  #mayBeAPeers({ word }: SaidMembership): boolean {
    const [stamp = ""] = word.split(" ", 1);
    return isStamp(stamp) && stampRegion(stamp) !== this.#parts.region;
  }
}

/** Behind every place. */
const LAST = "\u{7f}";
const placeOf = ({ channel, user }: { readonly channel: string; readonly user: string }): string => `${channel}|${user}`;
function placeOfKey(key: RegisterKey): string {
  const { channel, ids } = readKey(key);
  return placeOf({ channel, user: ids[0] ?? "" });
}

/** A newer word there is somebody else's. */
const differs = (should: Worded<StoredMembership>, said: SaidMembership | undefined): boolean =>
  said === undefined || (said.role !== should.role && said.word <= wordText(should.word));

/** Membership registers in order of channels and users; what else a channel holds is stepped over. */
function* membersAfter(store: StateStore, place: string): Generator<Register> {
  let from = place === "" ? "" : justAfter(registerKey.member(place.slice(0, place.indexOf("|")), place.slice(place.indexOf("|") + 1)));
  for (;;) {
    const [next] = store.range("registers", { from, to: LAST, limit: 1 });
    if (next === undefined) return;
    const { channel } = readKey(next[0]);
    const members = keysUnder(`${channel}|member|`);
    const some = [...store.range("registers", { from: from > members.from ? from : members.from, to: members.to, limit: ROWS })];
    for (const [, register] of some) yield register;
    from = some.length < ROWS ? keysUnder(`${channel}|`).to : justAfter(some.at(-1)?.[0] ?? "");
  }
}
