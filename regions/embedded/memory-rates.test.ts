import { regionRatesContract } from "../../core/ports/region-rates.contract.ts";
import type { RegionRates } from "../../core/ports/region-rates.ts";
import { openMemoryRates } from "./memory-rates.ts";

const regions = new Map<string, RegionRates>();
regionRatesContract("in memory", async (region, allowance) => {
  const rates = regions.get(region) ?? openMemoryRates(allowance);
  regions.set(region, rates);
  return rates;
});
