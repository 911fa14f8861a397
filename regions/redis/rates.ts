/** What users have asked of the whole region, counted in Redis; while Redis is out of reach the insurance counts, for this gateway alone. */
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { RateAllowance, RateKind, RegionRates } from "../../core/ports/region-rates.ts";
import type { RedisLink } from "./connection.ts";

export function openRedisRates(link: RedisLink, { windowMs, points }: RateAllowance): RegionRates {
  const limiters = (kind: RateKind) => {
    const allowance = { points: points[kind], duration: windowMs / 1_000 };
    const insurance = new RateLimiterMemory(allowance);
    const shared = new RateLimiterRedis({
      ...allowance,
      storeClient: link.client,
      keyPrefix: `${link.prefix}rate:${kind}`,
      insuranceLimiter: insurance,
    });
    return { insurance, shared };
  };
  const of = { command: limiters("command"), read: limiters("read") };
  return {
    spend: async (kind, user, spent) => {
      const { insurance, shared } = of[kind];
      try {
        // A server that is silent would keep every question for a second.
        await (link.usable() ? link.run("rates", () => shared.consume(user, spent)) : insurance.consume(user, spent));
        return 0;
      } catch (refused) {
        return refused instanceof RateLimiterRes ? Math.max(1, refused.msBeforeNext) : 0;
      }
    },
    close: async () => {},
  };
}
