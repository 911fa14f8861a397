/**
 * What is made of each peer's word on who is there (P4, H12). A hole in what it tells, a new boot or a link that came back asks it for its list; only
 * its answer ends a doubt: a beat may have been on its way since before the cut.
 */
import type { LinkState } from "../core/objects.ts";
import type { PeerLink } from "../core/ports/peer-link.ts";
import { dropFormerInTime, type FormerParts, formerTimes } from "./presence-former.ts";
import { askForList } from "./presence-list.ts";
import { PeerPresence } from "./presence-peer.ts";
import type { Told } from "./presence-words.ts";

export interface PresencePeersParts extends FormerParts {
  readonly link: PeerLink;
  /** By the peer's name. */
  readonly peers: Map<string, PeerPresence>;
  readonly askTimeoutMs: number;
  /** A peer's list has been asked for and given; for counting. */
  readonly exchanged?: (peer: string) => void;
}

export class PresencePeers {
  readonly #parts: PresencePeersParts;
  /** Peers whose list is being asked for, and what they told meanwhile. */
  readonly #asking = new Map<string, Told[]>();

  constructor(parts: PresencePeersParts) {
    this.#parts = parts;
  }

  hear(name: string, told: Told): void {
    const peer = this.#parts.peers.get(name);
    if (!peer) return;
    this.#asking.get(name)?.push(told);
    const users = told.changes.map(({ user }) => user);
    if (this.#parts.change(users, () => peer.hear(told)) === "hole") void this.#askList(name, told.boot);
  }

  onBeat(name: string, { boot, version }: { readonly boot: string; readonly version: number }): void {
    const peer = this.#parts.peers.get(name);
    if (peer && (peer.inDoubt || !peer.holds(boot, version))) void this.#askList(name, boot);
  }

  onLink(name: string, state: LinkState): void {
    const { peers, change, nowMs } = this.#parts;
    const peer = peers.get(name);
    if (!peer) return;
    if (state === "cut-off") change(peer.users, () => peer.cutOff(nowMs()));
    else if (peer.reached()) void this.#askList(name);
  }

  /** Who the peers are now. */
  regroup(now: readonly string[]): void {
    const { peers, change } = this.#parts;
    for (const name of now) if (!peers.has(name)) peers.set(name, new PeerPresence());
    for (const [name, peer] of peers) if (!now.includes(name)) change(peer.users, () => peers.delete(name));
  }

  /** `claimed`: the boot that the peer says it is in. */
  async #askList(name: string, claimed?: string): Promise<void> {
    const { link, peers, change, timers, nowMs, askTimeoutMs, exchanged } = this.#parts;
    const peer = peers.get(name);
    if (!peer || peer.isCut || this.#asking.has(name)) return;
    const meanwhile: Told[] = [];
    this.#asking.set(name, meanwhile);
    const { cuts } = peer;
    try {
      const list = await askForList(link, name, peer, askTimeoutMs);
      exchanged?.(name);
      if (list === "same") change(peer.users, () => peer.confirm(cuts, timers.monotonicMs()));
      else this.#replace(peer, list, cuts, meanwhile);
    } catch {
      // The next beat asks again, as it does when the link was cut and came back meanwhile. Until then a list of another boot is not to be believed.
      if (claimed !== undefined && claimed !== peer.boot) change(peer.users, () => peer.doubt(nowMs()));
    } finally {
      this.#asking.delete(name);
    }
  }

  #replace(peer: PeerPresence, list: Told, cuts: number, meanwhile: readonly Told[]): void {
    const times = formerTimes(this.#parts);
    const isOtherBoot = peer.boot !== undefined && peer.boot !== list.boot;
    const users = new Set([...peer.users, ...[list, ...meanwhile].flatMap(({ changes }) => changes.map(({ user }) => user))]);
    this.#parts.change(users, () => {
      peer.replace(list, { cuts, ...times });
      for (const told of meanwhile) peer.hear(told);
    });
    if (isOtherBoot) dropFormerInTime(this.#parts, peer, times);
  }
}
