/** Whether a region's process may begin at all: what is wrong is said before anything is opened, with what mends it. */
import type { Config } from "./config.ts";
import { fewFiles, MORE_FILES } from "./open-files.ts";
import { CannotServe } from "./refusal.ts";
import { present, readTopology, type Topology } from "./topology.ts";

/** The list of regions, in which this one stands; throws CannotServe. */
export function topologyToServe(config: Config): Topology {
  const topology = topologyOf(config);
  checkServes(topology, config.ATOLL_REGION);
  const few = fewFiles();
  if (few !== undefined) throw new CannotServe(`${few}: ${MORE_FILES}`);
  return topology;
}

function topologyOf(config: Config): Topology {
  try {
    return readTopology(config.ATOLL_TOPOLOGY);
  } catch (error) {
    throw new CannotServe(`ATOLL_TOPOLOGY cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checkServes(topology: Topology, region: string): void {
  const names = present(topology).map(({ name }) => name);
  if (names.includes(region)) return;
  const retired = topology.regions.some(({ name }) => name === region);
  throw new CannotServe(
    retired
      ? `region ${region} is retired in the topology: take "retired" away there to serve it again`
      : `ATOLL_REGION ${region} is not in the topology (${names.join(", ")}): set it to one of them, or add the region to the list`,
  );
}
