/**
 * The presence board of a region that lives among peers (P4, H12): what changes here is told once a tick; the beat carries (boot, version), so
 * a lost telling is noticed within a beat; a hole, a new boot or a link that came back asks the peer, who says "the same" or gives its whole
 * list. Only such an answer ends a doubt: a beat may have been on its way since before the cut.
 */
import type { LinkState, Presence } from "../core/objects.ts";
import type { PresenceBoard } from "../core/ports/boards.ts";
import type { PeerLink } from "../core/ports/peer-link.ts";
import type { Timers } from "../core/ports/time.ts";
import { PresenceView } from "./presence-board.ts";
import { OwnPresence } from "./presence-own.ts";
import { PeerPresence } from "./presence-peer.ts";
import { type Change, readListAsk, readListPage, readTold, type Told } from "./presence-words.ts";

export interface PresenceOptions {
  readonly link: PeerLink;
  readonly timers: Timers;
  /** Wall clock, for `since`. */
  readonly nowMs: () => number;
  /** This start of the process, unlike every other: a plain id. */
  readonly boot: string;
  /** How long users of a peer's former boot stay unknown. */
  readonly formerBootMs: number;
  readonly askTimeoutMs?: number;
  /** A peer's list has been asked for and given; for counting. */
  readonly exchanged?: (peer: string) => void;
}

/** What this region's beat says of its presence, and what it makes of the peers' beats and link states. */
export interface PresenceExchange {
  beatFields(): { readonly boot: string; readonly version: number };
  onPeerBeat(peer: string, fields: { readonly boot: string; readonly version: number }): void;
  onLink(peer: string, state: LinkState): void;
  /** Who the peers are now: nobody is said to be in a region that is gone. */
  regroup(peers: readonly string[]): void;
  /** Who was here in a former life of this region: unknown for a while, as most of them are just connecting again. Said once. */
  former(users: readonly string[]): void;
  /** How many people are shown how, over all regions. */
  counts(): Readonly<Record<"online" | "away" | "unknown", number>>;
}

const TOPIC = "presence";
const QUESTION = "presence-list";

export function openPresence(options: PresenceOptions): PresenceBoard & PresenceExchange {
  const { link, timers, nowMs, boot, formerBootMs, askTimeoutMs = 2_000 } = options;
  const own = new OwnPresence(boot);
  const peers = new Map(link.peers.map((peer) => [peer, new PeerPresence()]));
  const former = new PeerPresence();
  const view = new PresenceView(link.region, own, peers, former);
  const listeners = new Set<(changed: readonly Presence[]) => void>();
  /** Peers whose list is being asked for, and what they told meanwhile. */
  const asking = new Map<string, Told[]>();
  let ticking = false;

  function change<T>(users: Iterable<string>, run: () => T): T {
    if (!ticking) timers.after(0, tick);
    ticking = true;
    return view.touching(users, run);
  }
  function tick(): void {
    ticking = false;
    tellNews();
    const changed = view.takeChanged(nowMs());
    if (changed.length > 0) for (const listener of listeners) listener(changed);
  }
  function tellNews(): void {
    for (const news of own.takeNews(nowMs())) link.tell(TOPIC, JSON.stringify(news));
  }

  function hear(name: string, told: Told): void {
    const peer = peers.get(name);
    if (!peer) return;
    asking.get(name)?.push(told);
    const users = told.changes.map(({ user }) => user);
    if (change(users, () => peer.hear(told)) === "hole") void askList(name, told.boot);
  }

  /** `claimed`: the boot that the peer says it is in. */
  async function askList(name: string, claimed?: string): Promise<void> {
    const peer = peers.get(name);
    if (!peer || peer.isCut || asking.has(name)) return;
    const meanwhile: Told[] = [];
    asking.set(name, meanwhile);
    const { cuts } = peer;
    try {
      const list = await readList(name, peer);
      options.exchanged?.(name);
      if (list === "same") change(peer.users, () => peer.confirm(cuts, timers.monotonicMs()));
      else replace(peer, list, cuts, meanwhile);
    } catch {
      // The next beat asks again, as it does when the link was cut and came back meanwhile. Until then a list of another boot is not to be believed.
      if (claimed !== undefined && claimed !== peer.boot) change(peer.users, () => peer.doubt(nowMs()));
    } finally {
      asking.delete(name);
    }
  }

  function replace(peer: PeerPresence, list: Told, cuts: number, meanwhile: readonly Told[]): void {
    const monotonicMs = timers.monotonicMs();
    const times = { nowMs: nowMs(), monotonicMs, formerUntilMs: monotonicMs + formerBootMs };
    const former = peer.boot !== undefined && peer.boot !== list.boot;
    const users = new Set([...peer.users, ...[list, ...meanwhile].flatMap(({ changes }) => changes.map(({ user }) => user))]);
    change(users, () => {
      peer.replace(list, { cuts, ...times });
      for (const told of meanwhile) peer.hear(told);
    });
    // A real timer may fire a little before its time by the monotonic clock: what was due at this timer is due.
    if (former)
      timers.after(formerBootMs, () => change(peer.users, () => peer.dropFormer(Math.max(timers.monotonicMs(), times.formerUntilMs))));
  }

  /** All pages, as of the first one's version: what changed while they were read was told meanwhile. */
  async function readList(name: string, { boot: held = "", version }: PeerPresence): Promise<Told | "same"> {
    const users: Change[] = [];
    let after = "";
    let first: { readonly boot: string; readonly version: number } | undefined;
    do {
      const answer = await link.ask(name, QUESTION, JSON.stringify({ boot: held, version, after }), askTimeoutMs);
      const page = readListPage(answer);
      if (!page || (first && page.boot !== first.boot)) throw new Error(`${name} gave no list of who is there`);
      if (page.same) return "same";
      first ??= page;
      users.push(...page.users);
      after = page.next;
    } while (after !== "");
    return { boot: first.boot, version: first.version, changes: users };
  }

  link.onTold(TOPIC, (peer, raw) => {
    const told = readTold(raw);
    if (told) hear(peer, told);
  });
  link.onAsked(QUESTION, async (_peer, raw) => {
    const asked = readListAsk(raw);
    if (!asked) throw new Error("not a question about who is there");
    tellNews();
    const same = asked.after === "" && asked.boot === own.boot && asked.version === own.version;
    return JSON.stringify(same ? { boot: own.boot, version: own.version, same, users: [], next: "" } : own.page(asked.after));
  });

  return {
    announce: (connection, user, status) => {
      const before = own.userOf(connection) ?? user;
      change([user, before], () => {
        former.forget(user);
        own.announce(connection, user, status, nowMs());
      });
    },
    leave: (connection) => {
      const user = own.userOf(connection);
      if (user !== undefined) change([user], () => own.leave(connection, nowMs()));
    },
    who: (users) => [...new Set(users)].map((user) => view.shown(user, nowMs())).filter(({ status }) => status !== "offline"),
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    regroup: (now) => {
      for (const name of now) if (!peers.has(name)) peers.set(name, new PeerPresence());
      for (const [name, peer] of peers) if (!now.includes(name)) change(peer.users, () => peers.delete(name));
    },
    former: (users) =>
      change(users, () => {
        const times = { nowMs: nowMs(), monotonicMs: timers.monotonicMs(), formerUntilMs: timers.monotonicMs() + formerBootMs };
        const gone = users.filter((user) => own.get(user) === undefined);
        const changes = gone.map((user) => ({ user, status: "online" as const, sinceMs: times.nowMs }));
        former.replace({ boot: "a former life", version: 0, changes }, { cuts: former.cuts, ...times });
        former.replace({ boot, version: 0, changes: [] }, { cuts: former.cuts, ...times });
        timers.after(formerBootMs, () =>
          change(former.users, () => former.dropFormer(Math.max(timers.monotonicMs(), times.formerUntilMs))),
        );
      }),
    counts: () => view.counts(),
    beatFields: () => ({ boot: own.boot, version: own.version }),
    onPeerBeat: (name, { boot, version }) => {
      const peer = peers.get(name);
      if (peer && (peer.inDoubt || !peer.holds(boot, version))) void askList(name, boot);
    },
    onLink: (name, state) => {
      const peer = peers.get(name);
      if (!peer) return;
      if (state === "cut-off") change(peer.users, () => peer.cutOff(nowMs()));
      else if (peer.reached()) void askList(name);
    },
  };
}
