/** How often one user may ask. Counted here, in memory: never across regions, for a cut-off region must stay as quick as before (P1). */
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { Refusal } from "../core/errors.ts";
import type { GatewayLimits } from "./parts.ts";

export interface Rates {
  /** Refusal too-many-requests when the user has sent too many commands. */
  command(user: string): Promise<void>;
  read(user: string): Promise<void>;
}

/** A burst of twice the rate is let through. */
const WINDOW_S = 2;

export function openRates({ commandsPerSecond, readsPerSecond }: GatewayLimits): Rates {
  const commands = new RateLimiterMemory({ points: commandsPerSecond * WINDOW_S, duration: WINDOW_S });
  const reads = new RateLimiterMemory({ points: readsPerSecond * WINDOW_S, duration: WINDOW_S });
  return { command: (user) => take(commands, user), read: (user) => take(reads, user) };
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
