/** Rates of a region that has one gateway: counted in memory. */
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { RateAllowance, RegionRates } from "../../core/ports/region-rates.ts";

export function openMemoryRates({ windowMs, points }: RateAllowance): RegionRates {
  const limiter = (kind: keyof typeof points) => new RateLimiterMemory({ points: points[kind], duration: windowMs / 1_000 });
  const of = { command: limiter("command"), read: limiter("read") };
  return {
    spend: async (kind, user, spent) => {
      try {
        await of[kind].consume(user, spent);
        return 0;
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        return Math.max(1, refused.msBeforeNext);
      }
    },
    close: async () => {},
  };
}
