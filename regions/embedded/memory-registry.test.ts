import { connectionRegistryContract } from "../../core/ports/connection-registry.contract.ts";
import { type MemoryGateways, openMemoryRegistry } from "./memory-registry.ts";

const regions = new Map<string, MemoryGateways>();
connectionRegistryContract("in memory", async (region, gateway) => {
  const gateways = regions.get(region) ?? new Map();
  regions.set(region, gateways);
  return openMemoryRegistry(gateways, gateway);
});
