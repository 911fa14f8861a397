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
interface Shown {
  readonly status: Presence["status"];
  readonly sinceMs: number;
  readonly regions: readonly string[];
}
const RANK = { online: 3, away: 2, unknown: 1, offline: 0 } as const;
const OFFLINE: Shown = { status: "offline", sinceMs: 0, regions: [] };

/** What a user is when one more region is heard. Regions that cannot be believed are named only while no other speaks. */
function hearing(so: Shown, { status, sinceMs, region }: Says): Shown {
  const believed = (one: Presence["status"]) => RANK[one] > RANK.unknown;
  if (believed(so.status) && !believed(status)) return so;
  const regions = believed(so.status) === believed(status) ? [...so.regions, region] : [region];
  if (RANK[status] === RANK[so.status]) return { status, sinceMs: Math.min(sinceMs, so.sinceMs), regions };
  return RANK[status] > RANK[so.status] ? { status, sinceMs, regions } : { ...so, regions };
}

const same = (a: Shown, b: Shown): boolean => a.status === b.status && a.regions.join(" ") === b.regions.join(" ");

export class PresenceView {
  readonly #region: string;
  readonly #own: OwnPresence;
  readonly #peers: ReadonlyMap<string, PeerPresence>;
  /** What a former life of this region knew of its own users. */
  readonly #former: PeerPresence;
  /** Users touched in this tick, and how they were shown before it. */
  readonly #before = new Map<string, Shown>();

  constructor(region: string, own: OwnPresence, peers: ReadonlyMap<string, PeerPresence>, former: PeerPresence) {
    this.#region = region;
    this.#own = own;
    this.#peers = peers;
    this.#former = former;
  }

  shown(user: string, nowMs: number): Presence {
    return presence(user, this.#shown(user), nowMs);
  }

  #shown(user: string): Shown {
    const here = this.#own.get(user) ?? this.#former.says(user);
    let shown = here ? hearing(OFFLINE, { ...here, region: this.#region }) : OFFLINE;
    for (const [region, peer] of this.#peers) {
      const there = peer.says(user);
      if (there) shown = hearing(shown, { ...there, region });
    }
    return shown;
  }

  counts(): Readonly<Record<"online" | "away" | "unknown", number>> {
    const counted = { online: 0, away: 0, unknown: 0 };
    const users = new Set([...this.#own.users, ...this.#former.users]);
    for (const peer of this.#peers.values()) for (const user of peer.users) users.add(user);
    for (const user of users) {
      const { status } = this.#shown(user);
      if (status !== "offline") counted[status] += 1;
    }
    return counted;
  }

  touching<T>(users: Iterable<string>, change: () => T): T {
    for (const user of users) if (!this.#before.has(user)) this.#before.set(user, this.#shown(user));
    return change();
  }

  /** Users who are shown otherwise than before the tick. */
  takeChanged(nowMs: number): readonly Presence[] {
    const changed: Presence[] = [];
    for (const [user, before] of this.#before) {
      const now = this.#shown(user);
      if (!same(now, before)) changed.push(presence(user, now, nowMs));
    }
    this.#before.clear();
    return changed;
  }
}

const presence = (user: string, { status, sinceMs, regions }: Shown, nowMs: number): Presence => ({
  user,
  status,
  since: new Date(status === "offline" ? nowMs : sinceMs).toISOString(),
  regions,
});
