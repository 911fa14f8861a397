/**
 * What this region witnesses about clocks that run ahead (T2, H8). A stamp further ahead than the bound is written down in our own log as part
 * of a stretch; when a majority of the regions has done so, every replica distrusts it alike.
 *
 * Two proofs, either is enough:
 *   by the stamp   it lies beyond the bound ahead of our own present;
 *   by the clock   a beat shows that the peer's clock is ahead. Physical time is wall time at boot plus monotonic time, so it has been ahead for
 *                  the whole life of that process: every stamp from its boot on is witnessed, also when a cut longer than the skew has let
 *                  it sink into our past. And before that boot, a stamp later than the true time of the boot cannot have come from a sane clock.
 *                  Older ones prove nothing and stay trusted.
 *
 * A stretch reaches a little into the origin's future, so that a busy origin costs one event in two seconds and its next stamps are
 * witnessed before they are judged. The beat at link-up comes before the tail: `ready` holds the tail back until it has.
 */
import type { ClockWitnessed, Placed } from "../core/event.ts";
import { LIMITS } from "../core/limits.ts";
import type { Timers } from "../core/ports/time.ts";
import type { Stamp } from "../core/stamp.ts";
import { formatStamp, stampTimeMs } from "../core/stamp.ts";
import type { Stretch } from "./stretches.ts";
import { Stretches } from "./stretches.ts";

export type Witnessed = ClockWitnessed["data"];

export interface ClockWitnessOptions {
  /** Regions in the topology: a majority of them must witness. */
  readonly regions: number;
  /** Our own physical clock; where a majority says that it is wrong, the median of all clocks instead. */
  readonly nowMs: () => number;
  readonly timers: Timers;
  /**
   * What this region has witnessed of an origin, as it stands now: what the life before this one had on its way when it was killed may land
   * after this one has begun.
   */
  readonly known: (origin: string) => readonly Stretch[];
  /** Writes one witness into the own log; resolves when it is durable and applied here. */
  readonly appendWitness: (data: Witnessed) => Promise<void>;
}

/** What a beat says about its sender's clock. */
export interface ClockNews {
  readonly epoch: number;
  readonly boot: string;
  readonly bootMs: number;
  /** The sender's wall clock at the beat. */
  readonly wallMs: number;
  /** It is proved to be at least this far ahead of `nowMs`. */
  readonly aheadMs: number;
  /** The sender's log holds events that are not here yet. */
  readonly tail: boolean;
}

/**
 * How far a stretch reaches beyond what was seen, and how close to its end it grows. Below the bound: a clock that has been set right leaps over
 * stretches when true time comes to them, and what it leaps for the lead alone must not make it wrong again.
 */
const LEAD_MS = 4_000;
const RENEW_MS = 2_000;
/** At most one witness of an origin in this time. */
const PACE_MS = 1_000;
/** A tail is not held back longer than this for want of a beat or of a witness. */
const PATIENCE_MS = 3_000;

interface Ahead {
  readonly boot: string;
  readonly aheadMs: number;
  /** A stamp later than this is proved to be wrong. */
  readonly afterMs: number;
}
interface Wanted extends Stretch {
  readonly epoch: number;
  readonly offsetMs: number;
}

class Origin {
  readonly stretches = new Stretches(LEAD_MS);
  ahead: Ahead | undefined;
  /** The sender's time at the last beat of a life that showed a sane clock: stamps up to it are sane, though the clock may have drifted off since. */
  sane: { readonly boot: string; readonly untilMs: number } | undefined;
  /** A beat has come since the start or the last cut. */
  measured = false;
  /** Since when a tail has been waiting. */
  waitingMs: number | undefined;
  wanted: Wanted | undefined;
  appending = false;
  lastMs = Number.NEGATIVE_INFINITY;
}

export class ClockWitness {
  readonly #options: ClockWitnessOptions;
  readonly #origins = new Map<string, Origin>();

  constructor(options: ClockWitnessOptions) {
    this.#options = options;
  }

  /** A beat of `origin`: measures its clock, and witnesses before the tail behind it is judged. */
  hear(origin: string, news: ClockNews): void {
    const state = this.#origin(origin);
    state.measured = true;
    if (news.aheadMs <= LIMITS.clockBoundMs) {
      if (state.ahead?.boot !== news.boot) {
        state.ahead = undefined;
        state.sane = { boot: news.boot, untilMs: news.wallMs };
      }
      return;
    }
    const saneMs = state.sane?.boot === news.boot ? state.sane.untilMs : 0;
    const provedMs = Math.max(saneMs, Math.ceil(news.bootMs - news.aheadMs + LIMITS.clockBoundMs));
    state.ahead = { boot: news.boot, aheadMs: news.aheadMs, afterMs: Math.max(0, Math.min(provedMs, state.ahead?.afterMs ?? provedMs)) };
    const present = formatStamp(news.wallMs, 0, origin);
    if (!news.tail || state.stretches.covers(present)) return;
    this.#want(origin, state, {
      from: formatStamp(Math.max(saneMs, news.bootMs), 0, origin),
      to: present,
      epoch: news.epoch,
      offsetMs: news.aheadMs,
    });
  }

  /** The link to `origin` is cut: its clock must be measured anew before its tail is judged. */
  cut(origin: string): void {
    const state = this.#origin(origin);
    state.measured = false;
    state.waitingMs = undefined;
  }

  /** Whether events of `origin` may be judged now. False for 3 s at most: the answer of a gate's `room`. */
  ready(origin: string): boolean {
    const state = this.#origin(origin);
    if (state.measured && !state.appending) {
      state.waitingMs = undefined;
      return true;
    }
    const nowMs = this.#options.timers.monotonicMs();
    state.waitingMs ??= nowMs;
    return nowMs - state.waitingMs > PATIENCE_MS;
  }

  /** Events of a peer that have come through its gate, before they are applied. */
  see(origin: string, events: readonly Placed[]): void {
    const state = this.#origin(origin);
    const beyond = formatStamp(this.#options.nowMs() + LIMITS.clockBoundMs + 1, 0, "");
    const wrongFrom = state.ahead === undefined ? beyond : earlier(beyond, formatStamp(state.ahead.afterMs, 0, ""));
    let from: Stamp | undefined;
    let to: Stamp | undefined;
    for (const { event } of events) {
      if (event.stamp < wrongFrom || state.stretches.covers(event.stamp)) continue;
      from = from === undefined || event.stamp < from ? event.stamp : from;
      to = to === undefined || event.stamp > to ? event.stamp : to;
    }
    const last = events.at(-1);
    if (last === undefined) return;
    const { epoch } = last.position;
    if (from !== undefined && to !== undefined) this.#want(origin, state, { from, to, epoch, offsetMs: this.#offsetOf(state, to) });
    else this.#renew(origin, state, last.event.stamp, wrongFrom, epoch);
  }

  /** Covered, but the stretch ends soon: it grows before it is too short. */
  #renew(origin: string, state: Origin, stamp: Stamp, wrongFrom: Stamp, epoch: number): void {
    if (stamp < wrongFrom || state.stretches.covers(formatStamp(stampTimeMs(stamp) + RENEW_MS, 0, origin))) return;
    this.#want(origin, state, { from: stamp, to: stamp, epoch, offsetMs: this.#offsetOf(state, stamp) });
  }

  #offsetOf(state: Origin, stamp: Stamp): number {
    return Math.round(state.ahead?.aheadMs ?? stampTimeMs(stamp) - this.#options.nowMs());
  }

  #want(origin: string, state: Origin, more: Wanted): void {
    const { wanted } = state;
    state.wanted = wanted === undefined ? more : { ...more, from: earlier(wanted.from, more.from), to: later(wanted.to, more.to) };
    if (!state.appending && wanted === undefined) this.#append(origin, state);
  }

  #append(origin: string, state: Origin): void {
    const { timers } = this.#options;
    const waitMs = state.lastMs + PACE_MS - timers.monotonicMs();
    if (waitMs > 0) {
      timers.after(waitMs, () => this.#append(origin, state));
      return;
    }
    const { wanted } = state;
    if (wanted === undefined || state.appending) return;
    state.wanted = undefined;
    this.#recall(origin, state);
    if (state.stretches.hold(wanted.from, formatStamp(stampTimeMs(wanted.to) + RENEW_MS, 0, origin))) return;
    state.appending = true;
    state.lastMs = timers.monotonicMs();
    const stretch = {
      from: state.stretches.continued(wanted.from) ?? wanted.from,
      to: formatStamp(stampTimeMs(wanted.to) + LEAD_MS, 0, origin),
    };
    const { epoch, offsetMs } = wanted;
    const after = (appended: boolean): void => {
      state.appending = false;
      if (appended) state.stretches.add(stretch);
      else state.wanted ??= wanted;
      if (state.wanted !== undefined) this.#append(origin, state);
    };
    const data: Witnessed = { origin, epoch, ...stretch, offsetMs: Math.round(offsetMs), of: this.#options.regions };
    this.#options.appendWitness(data).then(
      () => after(true),
      () => after(false),
    );
  }

  #origin(name: string): Origin {
    const known = this.#origins.get(name);
    if (known !== undefined) return known;
    const origin = new Origin();
    this.#origins.set(name, origin);
    this.#recall(name, origin);
    return origin;
  }

  #recall(name: string, { stretches }: Origin): void {
    for (const { from, to } of this.#options.known(name)) stretches.add({ from, to });
  }
}

const earlier = (a: Stamp, b: Stamp): Stamp => (a < b ? a : b);
const later = (a: Stamp, b: Stamp): Stamp => (a > b ? a : b);
