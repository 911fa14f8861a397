/**
 * The state of a link (law P2, hard part H11): a pure machine over what beats and positions show.
 *
 *                    silent beyond the grace
 *        starting ───────────────────────────► cut-off ◄──────┐
 *            │                                    │            │ silent: nothing fresh heard for 2 s,
 *            │ heard both ways                    │ heard      │ in either direction
 *            ▼                                    ▼ both ways  │
 *         healing ◄───────────────────────────────┘            │
 *            │   until all that the peer had at link-up is here│
 *            ▼                                                 │
 *          live ──── more than 1 s behind ───► lagging ────────┤
 *            ▲ ◄───────── caught up ──────────────┘            │
 *            └──────────────── (from every state) ─────────────┘
 *
 * `starting` is shown as healing: nobody is accused before there was a chance to hear them.
 */
import { LIMITS } from "../core/limits.ts";
import type { LinkState } from "../core/objects.ts";
import type { Point } from "../core/position.ts";

export type LinkKind = "starting" | LinkState;
/** What one look at a peer says. */
export type LinkSignal =
  /** Nothing fresh for too long, in one direction at least. */
  | "silent"
  /** Heard both ways; what the peer had when the link came up is not all here. */
  | "catching-up"
  /** Heard, and behind what the peer has for longer than a beat or two. */
  | "behind"
  | "level";

/** Every cell is decided: a new state or signal does not compile until its row is. */
export const TRANSITIONS: Readonly<Record<LinkKind, Readonly<Record<LinkSignal, LinkKind>>>> = {
  starting: { silent: "cut-off", "catching-up": "healing", behind: "healing", level: "healing" },
  "cut-off": { silent: "cut-off", "catching-up": "healing", behind: "healing", level: "healing" },
  healing: { silent: "cut-off", "catching-up": "healing", behind: "live", level: "live" },
  live: { silent: "cut-off", "catching-up": "live", behind: "lagging", level: "live" },
  lagging: { silent: "cut-off", "catching-up": "lagging", behind: "lagging", level: "live" },
};

export interface Link {
  readonly kind: LinkKind;
  /** Monotonic; of a cut: when the peer was last heard, not when that was noticed. */
  readonly sinceMs: number;
  /** While healing: what of the peer's log was here, and where it reached, at link-up. */
  readonly heal?: { readonly from: Point; readonly to: Point };
}

export interface LinkView {
  readonly nowMs: number;
  /** Since when nothing fresh has been heard, the worse of both directions, less our own stalls. Undefined: never heard both ways. */
  readonly silentMs: number | undefined;
  /** For how long we have been behind what the peer was known to have. */
  readonly behindMs: number;
  /** What of the peer's log is applied here, and where it reaches. */
  readonly applied: Point;
  readonly head: Point;
}

export interface LinkTiming {
  readonly silentMs: number;
  /** A peer not heard since our start is not called cut off before this. */
  readonly graceMs: number;
  readonly lagMs: number;
  /** Below this a lagging link is live again: apart from `lagMs`, so that it does not flap. */
  readonly levelMs: number;
}
export const LINK_TIMING: LinkTiming = { silentMs: LIMITS.silentMs, graceMs: 4_000, lagMs: 1_000, levelMs: 500 };

export const startLink = (nowMs: number): Link => ({ kind: "starting", sinceMs: nowMs });

/** The link as it stands after this look. The same object when nothing changed. */
export function step(link: Link, view: LinkView, timing: LinkTiming = LINK_TIMING): Link {
  const signal = signalOf(link, view, timing);
  if (signal === undefined) return link;
  const kind = TRANSITIONS[link.kind][signal];
  if (kind === link.kind) return link;
  if (kind === "cut-off") return { kind, sinceMs: view.silentMs === undefined ? link.sinceMs : view.nowMs - view.silentMs };
  if (kind === "healing") return { kind, sinceMs: view.nowMs, heal: { from: view.applied, to: view.head } };
  return { kind, sinceMs: view.nowMs };
}

function signalOf(link: Link, view: LinkView, timing: LinkTiming): LinkSignal | undefined {
  if (view.silentMs === undefined) return link.kind !== "starting" || view.nowMs - link.sinceMs > timing.graceMs ? "silent" : undefined;
  if (view.silentMs > timing.silentMs) {
    return link.kind === "starting" && view.nowMs - link.sinceMs <= timing.graceMs ? undefined : "silent";
  }
  if (link.heal !== undefined && !reached(view.applied, link.heal.to)) return "catching-up";
  return view.behindMs > (link.kind === "lagging" ? timing.levelMs : timing.lagMs) ? "behind" : "level";
}

/** Whether a log is here up to a message: places within it do not matter, and a log that holds nothing is here. */
export const reached = (applied: Point, target: Point): boolean =>
  target.sequence === 0 || applied.epoch > target.epoch || (applied.epoch === target.epoch && applied.sequence >= target.sequence);

/** Log messages between two points; an epoch that has not begun here counts whole. */
export const distance = (from: Point, to: Point): number =>
  reached(from, to) ? 0 : from.epoch === to.epoch ? to.sequence - from.sequence : to.sequence;

export const shownState = (kind: LinkKind): LinkState => (kind === "starting" ? "healing" : kind);

const WORST: readonly LinkState[] = ["live", "lagging", "healing", "cut-off"];
/** What the peer had at link-up is here; the rest comes as it can. */
export const isUp = (state: LinkState): boolean => state === "live" || state === "lagging";

/** cut-off > healing > lagging > live. */
export const worstOf = (states: readonly LinkState[]): LinkState =>
  WORST[Math.max(0, ...states.map((state) => WORST.indexOf(state)))] ?? "live";

/** What a heal has done and has to do, in log messages. */
export function healProgress(link: Link, applied: Point): { readonly done: number; readonly total: number } | undefined {
  if (link.heal === undefined) return undefined;
  const total = distance(link.heal.from, link.heal.to);
  return { done: total - Math.min(total, distance(applied, link.heal.to)), total };
}
