/**
 * From single looks at a region to what one vantage point holds of it: one look may err, three in a row do not. What a region says of itself
 * (draining, clock off) is believed at once; that it is well again, only after three looks, so that nothing flaps. Who was never seen well has
 * nothing to flap between: its first yes is believed.
 */

/** What one look at a region found. */
export type Look = { readonly found: "ready" } | { readonly found: "unready" | "draining" | "clock" | "down"; readonly why: string };

const DOWN_AFTER = 3;
const UP_AFTER = 3;

export interface Watched {
  readonly state: "up" | "unready" | "draining" | "clock" | "down";
  readonly why: string;
  /** False while what was last seen speaks against the state. */
  readonly settled: boolean;
  /** Looks in a row that speak against the state. */
  readonly against: number;
  /** No look has found it well so far. */
  readonly neverUp: boolean;
}

export function seen(before: Watched | undefined, look: Look): Watched {
  if (look.found === "ready") return seenReady(before);
  const { found: state, why } = look;
  const neverUp = before?.neverUp ?? true;
  const certain = state === "draining" || state === "clock";
  if (certain || (before !== undefined && before.state !== "up")) return { state, why, settled: true, against: 0, neverUp };
  const against = (before?.against ?? 0) + 1;
  if (against >= DOWN_AFTER) return { state, why, settled: true, against: 0, neverUp };
  return { state: "up", why: `up, though the last look found it ${state}: ${why}`, settled: false, against, neverUp };
}

function seenReady(before: Watched | undefined): Watched {
  const isNews = before !== undefined && before.state !== "up" && !before.neverUp;
  const against = isNews ? before.against + 1 : UP_AFTER;
  if (against >= UP_AFTER) return { state: "up", why: "ready", settled: true, against: 0, neverUp: false };
  return { ...before!, settled: false, against };
}
