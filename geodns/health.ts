/**
 * From single looks at a region to what one vantage point holds of it: one look may err, three in a row do not. What a region says of itself
 * (draining, clock off) is believed at once; that it is well again, only after three looks, so that nothing flaps.
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
}

export function seen(before: Watched | undefined, look: Look): Watched {
  if (look.found === "ready") return seenReady(before);
  const { found: state, why } = look;
  const certain = state === "draining" || state === "clock";
  if (certain || (before !== undefined && before.state !== "up")) return { state, why, settled: true, against: 0 };
  const against = (before?.against ?? 0) + 1;
  if (against >= DOWN_AFTER) return { state, why, settled: true, against: 0 };
  return { state: "up", why: `up, though the last look found it ${state}: ${why}`, settled: false, against };
}

function seenReady(before: Watched | undefined): Watched {
  const against = before === undefined || before.state === "up" ? UP_AFTER : before.against + 1;
  if (before === undefined || against >= UP_AFTER) return { state: "up", why: "ready", settled: true, against: 0 };
  return { ...before, settled: false, against };
}
