/**
 * Who is there, as this region shows it (P4): one's own connections and what each peer says of its own. A user is online if any region that
 * can be believed says so, else away, else unknown since the peer cannot be heard, else offline.
 *
 * Pure: no time, no link. Whatever changes is wrapped in `touching`, so that one tick's changes come out together and only as what they
 * came to: who is shown as before is not mentioned.
 */
import type { Presence } from "../core/objects.ts";
import type { OwnPresence } from "./presence-own.ts";
import type { PeerPresence, PeerSays } from "./presence-peer.ts";

type Says = PeerSays & { readonly region: string };
const RANK = { online: 2, away: 1, unknown: 0 } as const;

const regionsOf = ({ regions }: Presence): string => regions.join(" ");

export class PresenceView {
  readonly #region: string;
  readonly #own: OwnPresence;
  readonly #peers: ReadonlyMap<string, PeerPresence>;
  /** Users touched in this tick, and how they were shown before it. */
  readonly #before = new Map<string, Presence>();

  constructor(region: string, own: OwnPresence, peers: ReadonlyMap<string, PeerPresence>) {
    this.#region = region;
    this.#own = own;
    this.#peers = peers;
  }

  shown(user: string, nowMs: number): Presence {
    const says = this.#says(user);
    const best = Math.max(-1, ...says.map(({ status }) => RANK[status]));
    if (best < 0) return { user, status: "offline", since: iso(nowMs), regions: [] };
    const chosen = says.filter(({ status }) => RANK[status] === best);
    return {
      user,
      status: chosen[0]!.status,
      since: iso(Math.min(...chosen.map(({ sinceMs }) => sinceMs))),
      regions: says.filter(({ status }) => (status === "unknown") === (best === RANK.unknown)).map(({ region }) => region),
    };
  }

  #says(user: string): readonly Says[] {
    const says: Says[] = [];
    const here = this.#own.get(user);
    if (here) says.push({ ...here, region: this.#region });
    for (const [region, peer] of this.#peers) {
      const there = peer.says(user);
      if (there) says.push({ ...there, region });
    }
    return says;
  }

  touching<T>(users: Iterable<string>, nowMs: number, change: () => T): T {
    for (const user of users) if (!this.#before.has(user)) this.#before.set(user, this.shown(user, nowMs));
    return change();
  }

  /** Users who are shown otherwise than before the tick. */
  takeChanged(nowMs: number): readonly Presence[] {
    const changed: Presence[] = [];
    for (const [user, before] of this.#before) {
      const now = this.shown(user, nowMs);
      if (now.status !== before.status || regionsOf(now) !== regionsOf(before)) changed.push(now);
    }
    this.#before.clear();
    return changed;
  }
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString();
