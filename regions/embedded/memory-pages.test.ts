import { sharedPagesContract } from "../../core/ports/shared-pages.contract.ts";
import type { SharedPages } from "../../core/ports/shared-pages.ts";
import { openMemoryPages } from "./memory-pages.ts";

const regions = new Map<string, SharedPages>();
sharedPagesContract("in memory", async (region) => {
  const pages = regions.get(region) ?? openMemoryPages();
  regions.set(region, pages);
  return { pages, written: async () => {} };
});
