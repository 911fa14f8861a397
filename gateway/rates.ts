/**
 * How often one user may ask. Decided here, in memory and at once: never across regions, for a cut-off region must stay as quick as before (P1).
 * Where a region has several gateways, what was asked is added up behind the answers, and who asks too much of all of them together is refused
 * by each a moment later.
 */
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { Refusal } from "../core/errors.ts";
import type { RateAllowance, RateKind, RegionRates } from "../core/ports/region-rates.ts";
import type { Timers } from "../core/ports/time.ts";
import type { GatewayLimits } from "./parts.ts";

export interface Rates {
  /** Refusal too-many-requests when the user has sent too many commands. */
  command(user: string): Promise<void>;
  read(user: string): Promise<void>;
  end(): void;
}

/** A burst of twice the rate is let through. */
const WINDOW_S = 2;
/** What a user asks for in between is told to the region at once. */
const TELL_MS = 100;

export const allowanceOf = ({ commandsPerSecond, readsPerSecond }: GatewayLimits): RateAllowance => ({
  windowMs: WINDOW_S * 1_000,
  points: { command: commandsPerSecond * WINDOW_S, read: readsPerSecond * WINDOW_S },
});

export function openRates(limits: GatewayLimits, timers: Timers, region?: RegionRates): Rates {
  const { points } = allowanceOf(limits);
  const limiters: Readonly<Record<RateKind, RateLimiterMemory>> = {
    command: new RateLimiterMemory({ points: points.command, duration: WINDOW_S }),
    read: new RateLimiterMemory({ points: points.read, duration: WINDOW_S }),
  };
  const untold: Readonly<Record<RateKind, Map<string, number>>> = { command: new Map(), read: new Map() };
  const tell = (shared: RegionRates, kind: RateKind): void => {
    for (const [user, spent] of untold[kind])
      void shared.spend(kind, user, spent).then((refusedMs) => {
        if (refusedMs > 0) void limiters[kind].block(user, refusedMs / 1_000);
      });
    untold[kind].clear();
  };
  const telling =
    region &&
    timers.every(TELL_MS, () => {
      tell(region, "command");
      tell(region, "read");
    });
  const ask = async (kind: RateKind, user: string): Promise<void> => {
    if (region !== undefined) untold[kind].set(user, (untold[kind].get(user) ?? 0) + 1);
    await take(limiters[kind], user);
  };
  return { command: (user) => ask("command", user), read: (user) => ask("read", user), end: () => telling?.cancel() };
}

async function take(limiter: RateLimiterMemory, user: string): Promise<void> {
  try {
    await limiter.consume(user);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    throw new Refusal("too-many-requests", "You ask more often than this region allows.", {
      retryAfterS: Math.max(1, Math.ceil(refused.msBeforeNext / 1000)),
    });
  }
}
