/**
 * What a region knows about its links, and says (P2, P3, T2): four times a second it sends its beat, looks at what its peers' beats show, and
 * tells whoever listens what has changed.
 */
import { LIMITS } from "../core/limits.ts";
import type { LinkState, PeerSync, Sync, Time, Watermark } from "../core/objects.ts";
import type { SyncBoard } from "../core/ports/boards.ts";
import type { Point } from "../core/position.ts";
import { START, vectorText } from "../core/position.ts";
import type { Beat, Heard } from "./beat.ts";
import { beatText, readBeat } from "./beat.ts";
import { ClockWatch, type OwnPresent } from "./clock-watch.ts";
import { distance, healProgress, isUp, LINK_TIMING, shownState, worstOf } from "./link-state.ts";
import { Marks } from "./marks.ts";
import type { ClockSample } from "./peer-clock.ts";
import { PeerWatch } from "./peer-watch.ts";
import type { LinkFacts, SyncBoardOptions } from "./sync-parts.ts";

export interface LinkChange {
  readonly peer: string;
  readonly state: LinkState;
  readonly before: LinkState;
  /** Wall clock; of a cut, when the peer was last heard. */
  readonly sinceMs: number;
}
/** While not live, everybody is told this often (contract §4). */
const REPEAT_MS = 1_000;
/** A region that joins a running mesh starts its servers first. */
const JOINING = { ...LINK_TIMING, graceMs: 120_000 } as const;

export class RegionSyncBoard implements SyncBoard {
  readonly #options: SyncBoardOptions;
  readonly #peers: Map<string, PeerWatch>;
  readonly #clocks: ClockWatch;
  /** What of our own log was closed when. */
  readonly #ownClosed = new Marks();
  readonly #syncListeners = new Set<(sync: Sync) => void>();
  readonly #linkListeners = new Set<(change: LinkChange) => void>();
  readonly #beatListeners = new Set<(beat: Beat) => void>();
  readonly #bootMs: number;
  #converged: Sync["converged"] = null;
  #beats = 0;
  #lookedMs: number;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(options: SyncBoardOptions) {
    const { link, timers, clock, boot } = options;
    this.#options = options;
    this.#bootMs = clock.nowMs();
    this.#clocks = new ClockWatch(clock);
    this.#lookedMs = timers.monotonicMs();
    this.#peers = new Map(link.peers.map((peer) => [peer, new PeerWatch({ region: link.region, boot }, this.#lookedMs)]));
    link.onBeat((peer, text) => this.#hear(peer, text));
  }

  /** Begins to send beats and to look; returns what ends it. */
  start(): () => void {
    this.tick();
    const timer = this.#options.timers.every(LIMITS.beatMs, () => this.tick());
    return () => timer.cancel();
  }

  /** Who the peers are now. A new one may take its time to be heard for the first time: it was never cut off. */
  regroup(peers: readonly string[]): void {
    const { link, boot, timers } = this.#options;
    for (const peer of peers)
      if (!this.#peers.has(peer)) this.#peers.set(peer, new PeerWatch({ region: link.region, boot }, timers.monotonicMs(), JOINING));
    for (const peer of [...this.#peers.keys()]) if (!peers.includes(peer)) this.#peers.delete(peer);
    this.#converged = null;
    this.#tell();
  }

  sync(): Sync {
    const peers = [...this.#peers].map(([peer, watch]) => this.#peerSync(peer, watch));
    return {
      region: this.#options.link.region,
      state: worstOf(peers.map(({ state }) => state)),
      at: iso(this.#options.clock.nowMs()),
      peers,
      converged: this.#converged,
    };
  }

  /** Everything of a peer with a stamp up to here is here (H6). */
  completeToMs(peer: string): number | undefined {
    return this.#peers.get(peer)?.completeToMs;
  }

  watermark(channel: string): Watermark {
    const { link, own } = this.#options;
    const complete: Record<string, Time | null> = { [link.region]: iso(own().completeMs) };
    let replicatedMs: number | undefined = own().closedMs || undefined;
    for (const [peer, watch] of this.#peers) {
      complete[peer] = isoOrNull(watch.completeToMs);
      const there = this.#ownClosed.reachedBy(watch.appliedThere);
      replicatedMs = there === undefined || replicatedMs === undefined ? undefined : Math.min(replicatedMs, there);
    }
    return { channel, complete, replicatedTo: isoOrNull(replicatedMs) };
  }

  clockSkewMs(): number {
    return this.#clocks.skewMs;
  }
  /** This region's clock is off the median; `offered` follows only where a majority says so. */
  clockAlarm(): boolean {
    return this.#clocks.alarm;
  }

  offered(): { readonly ok: boolean; readonly why: string } {
    if (this.#options.draining()) return { ok: false, why: "draining" };
    if (!this.#clocks.sane())
      return { ok: false, why: `its clock is ${Math.abs(this.#clocks.skewMs)} ms ${this.#clocks.skewMs > 0 ? "ahead" : "behind"}` };
    return { ok: true, why: "clock sane, not draining" };
  }

  onSync(listener: (sync: Sync) => void): () => void {
    this.#syncListeners.add(listener);
    return () => this.#syncListeners.delete(listener);
  }
  /** Calls back when a link's shown state changes. */
  onLink(listener: (change: LinkChange) => void): () => void {
    this.#linkListeners.add(listener);
    return () => this.#linkListeners.delete(listener);
  }
  /** Calls back with each beat that is news: its head for the tail that follows the peer, its presence, its epoch. */
  onPeerBeat(listener: (beat: Beat) => void): () => void {
    this.#beatListeners.add(listener);
    return () => this.#beatListeners.delete(listener);
  }

  /** The digests of all regions were compared and are equal. A fact beside the states; a cut clears it. */
  setConverged(digest: string, atMs: number): void {
    if (this.#stateOf() === "cut-off") return;
    this.#converged = { at: iso(atMs), digest };
    this.#tell();
  }
  /** Digests were compared at one vector and differ. */
  clearConverged(): void {
    if (this.#converged === null) return;
    this.#converged = null;
    this.#tell();
  }

  stateOf(peer: string): LinkState {
    return shownState(this.#peers.get(peer)?.link.kind ?? "cut-off");
  }

  /** All regions may be at one vector within moments: no link is cut off or still healing, and no peer says so of its own. */
  allUp(): boolean {
    return isUp(this.#stateOf()) && [...this.#peers.values()].every(({ beat }) => beat?.up !== false);
  }

  facts(): readonly LinkFacts[] {
    const nowMs = this.#options.timers.monotonicMs();
    return [...this.#peers].map(([peer, watch]) => {
      const applied = this.#appliedOf(peer);
      const { rttMs = null, offsetMs = null } = watch.clock.sample ?? {};
      return {
        peer,
        state: shownState(watch.link.kind),
        beatAgeMs: watch.beatAgeMs(nowMs) ?? null,
        rttMs,
        offsetMs,
        lagEvents: watch.lagEvents(applied),
        lagMs: watch.lagMs(nowMs, applied),
        clockOk: watch.beat?.clockOk ?? true,
        clockAlarm: this.#clocks.peerAlarm(peer),
      };
    });
  }

  /** One look at everything and one beat. */
  tick(): void {
    const { timers, link } = this.#options;
    const nowMs = timers.monotonicMs();
    const stallMs = Math.max(0, nowMs - this.#lookedMs - LIMITS.beatMs);
    this.#lookedMs = nowMs;
    this.#compareClocks();
    const changes = [...this.#peers].flatMap(([peer, watch]) => this.#look(peer, watch, nowMs, stallMs));
    link.beat(beatText(this.#beat(nowMs)));
    this.#announce(changes);
    if (this.#stateOf() !== "live" && nowMs - this.#toldMs >= REPEAT_MS) this.#tell();
  }

  #announce(changes: readonly LinkChange[]): void {
    for (const change of changes) for (const listener of this.#linkListeners) listener(change);
    if (changes.length > 0) this.#tell();
  }

  #look(peer: string, watch: PeerWatch, nowMs: number, stallMs: number): readonly LinkChange[] {
    const before = watch.look(nowMs, stallMs, this.#appliedOf(peer));
    if (before === undefined) return [];
    const state = shownState(watch.link.kind);
    if (state === "cut-off") {
      this.#converged = null;
      this.#options.witness.cut(peer);
    }
    const change = { peer, state, before: shownState(before.kind), sinceMs: this.#wallMs(watch.link.sinceMs) };
    return change.state === change.before ? [] : [change];
  }

  #hear(peer: string, text: string): void {
    const watch = this.#peers.get(peer);
    const beat = readBeat(peer, text);
    const { timers, clock, witness } = this.#options;
    if (watch === undefined || beat === undefined) return;
    if (!watch.hear(beat, { monoMs: timers.monotonicMs(), wallMs: clock.nowMs() })) return;
    const aheadMs = (watch.clock.aheadMs ?? 0) + this.#clocks.wrongMs;
    const tail = distance(this.#appliedOf(peer), watch.head) > 0;
    witness.hear(peer, { epoch: beat.epoch, boot: beat.boot, bootMs: beat.bootMs, wallMs: beat.wallMs, aheadMs, tail });
    for (const listener of this.#beatListeners) listener(beat);
    if (watch.link.kind !== "live") this.#announce(this.#look(peer, watch, timers.monotonicMs(), 0));
  }

  /** What all clocks together say of the own present. */
  get present(): OwnPresent {
    return this.#clocks;
  }

  #compareClocks(): void {
    const samples = new Map<string, ClockSample>();
    for (const [peer, { clock }] of this.#peers) if (clock.sample !== undefined) samples.set(peer, clock.sample);
    this.#clocks.observe(samples);
  }

  #beat(nowMs: number): Beat {
    const { link, clock, boot, applied, own, presence, audit } = this.#options;
    const { epoch, head, closedMs } = own();
    if (closedMs > 0) this.#ownClosed.add({ epoch, sequence: head, place: 0 }, closedMs);
    const heard: Record<string, Heard> = {};
    for (const [peer, watch] of this.#peers) {
      const word = watch.heard(nowMs);
      if (word !== undefined) heard[peer] = word;
    }
    return {
      v: 1,
      region: link.region,
      boot,
      bootMs: Math.floor(this.#bootMs),
      n: ++this.#beats,
      wallMs: Math.floor(clock.nowMs()),
      monoMs: nowMs,
      epoch,
      head,
      applied: vectorText(applied()),
      closed: { tMs: Math.floor(closedMs), head },
      heard,
      presence: presence(),
      ...(this.#converged === null ? {} : { root: this.#converged.digest }),
      ...(audit === undefined ? {} : { audit: audit() }),
      clockOk: this.#clocks.sane(),
      up: isUp(this.#stateOf()),
    };
  }

  #peerSync(region: string, watch: PeerWatch): PeerSync {
    const applied = this.#appliedOf(region);
    const progress = healProgress(watch.link, applied);
    return {
      region,
      state: shownState(watch.link.kind),
      since: iso(this.#wallMs(watch.link.sinceMs)),
      lagEvents: watch.lagEvents(applied),
      lagMs: Math.round(watch.lagMs(this.#options.timers.monotonicMs(), applied)),
      completeTo: isoOrNull(watch.completeToMs),
      ...progress,
    };
  }

  #tell(): void {
    this.#toldMs = this.#options.timers.monotonicMs();
    const sync = this.sync();
    for (const listener of this.#syncListeners) listener(sync);
  }
  #stateOf(): LinkState {
    return worstOf([...this.#peers.values()].map(({ link }) => shownState(link.kind)));
  }
  #appliedOf(peer: string): Point {
    return this.#options.applied()[peer] ?? START;
  }
  /** The wall clock at a monotonic moment of this life. */
  #wallMs(monoMs: number): number {
    const { clock, timers } = this.#options;
    return clock.nowMs() - (timers.monotonicMs() - monoMs);
  }
}

const iso = (timeMs: number): Time => new Date(timeMs).toISOString();
const isoOrNull = (timeMs: number | undefined): Time | null => (timeMs === undefined ? null : iso(timeMs));
