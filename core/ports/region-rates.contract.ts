/** What every RegionRates promises, sentence by sentence; run on each adapter. */
import { afterEach, describe, expect, test } from "vitest";
import type { RateAllowance, RegionRates } from "./region-rates.ts";

const ALLOWANCE: RateAllowance = { windowMs: 2_000, points: { command: 10, read: 20 } };

/** `open(region)` joins the count of a region. */
export function regionRatesContract(name: string, open: (region: string, allowance: RateAllowance) => Promise<RegionRates>): void {
  describe(`region rates: ${name}`, () => {
    const opened: RegionRates[] = [];
    let count = 0;
    const fresh = (): string => `r${process.pid}-${(count += 1)}`;
    const join = async (region: string): Promise<RegionRates> => {
      const rates = await open(region, ALLOWANCE);
      opened.push(rates);
      return rates;
    };
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((rates) => rates.close()));
    });

    test("who stays within the allowance is not refused; who passes it is, until the window ends", async () => {
      const rates = await join(fresh());
      expect(await rates.spend("command", "ana", 10)).toBe(0);
      const refusedMs = await rates.spend("command", "ana", 1);
      expect(refusedMs).toBeGreaterThan(0);
      expect(refusedMs).toBeLessThanOrEqual(ALLOWANCE.windowMs);
    });

    test("users and kinds are counted apart", async () => {
      const rates = await join(fresh());
      expect(await rates.spend("command", "ana", 11)).toBeGreaterThan(0);
      expect(await rates.spend("read", "ana", 11)).toBe(0);
      expect(await rates.spend("command", "ben", 1)).toBe(0);
    });

    test("what a region's gateways let through is added up", async () => {
      const region = fresh();
      const [one, other] = [await join(region), await join(region)];
      expect(await one.spend("command", "ana", 6)).toBe(0);
      expect(await other.spend("command", "ana", 6)).toBeGreaterThan(0);
    });

    test("regions are counted apart", async () => {
      const [one, other] = [await join(fresh()), await join(fresh())];
      expect(await one.spend("command", "ana", 11)).toBeGreaterThan(0);
      expect(await other.spend("command", "ana", 1)).toBe(0);
    });
  });
}
