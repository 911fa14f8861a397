/**
 * The presence board of a region that lives among peers (P4, H12): what changes here is told once a tick; the beat carries (boot, version), so
 * a lost telling is noticed within a beat; a hole, a new boot or a link that came back asks the peer, who says "the same" or gives its whole
 * list. Only such an answer ends a doubt: a beat may have been on its way since before the cut.
 */
import type { LinkState } from "../core/objects.ts";
import type { PresenceBoard } from "../core/ports/boards.ts";
import type { PeerLink } from "../core/ports/peer-link.ts";
import type { Timers } from "../core/ports/time.ts";
import { PresenceView } from "./presence-board.ts";
import { retireFormerLife } from "./presence-former.ts";
import { answerForList } from "./presence-list.ts";
import { OwnPresence } from "./presence-own.ts";
import { PeerPresence } from "./presence-peer.ts";
import { PresencePeers } from "./presence-peers.ts";
import { openTicks } from "./presence-ticks.ts";
import { readTold } from "./presence-words.ts";

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

export function openPresence(options: PresenceOptions): PresenceBoard & PresenceExchange {
  const { link, timers, nowMs, boot, formerBootMs, askTimeoutMs = 2_000, exchanged } = options;
  const own = new OwnPresence(boot);
  const peers = new Map(link.peers.map((peer) => [peer, new PeerPresence()]));
  const former = new PeerPresence();
  const view = new PresenceView(link.region, own, peers, former);
  const tellNews = (): void => {
    for (const news of own.takeNews(nowMs())) link.tell(TOPIC, JSON.stringify(news));
  };
  const { change, onChange } = openTicks({ timers, nowMs, view, tellNews });
  const formerly = { timers, nowMs, formerBootMs, change };
  const heard = new PresencePeers({ ...formerly, link, peers, askTimeoutMs, ...(exchanged === undefined ? {} : { exchanged }) });

  link.onTold(TOPIC, (peer, raw) => {
    const told = readTold(raw);
    if (told) heard.hear(peer, told);
  });
  answerForList(link, own, tellNews);

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
    onChange,
    regroup: (now) => heard.regroup(now),
    former: (users) => change(users, () => retireFormerLife(formerly, former, own, users)),
    counts: () => view.counts(),
    beatFields: () => ({ boot: own.boot, version: own.version }),
    onPeerBeat: (name, fields) => heard.onBeat(name, fields),
    onLink: (name, state) => heard.onLink(name, state),
  };
}
