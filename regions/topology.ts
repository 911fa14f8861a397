/**
 * The one list of regions: read by gateways, GeoDNS, reconcilers and Terraform, so that nobody has a list of their own. Its shape is in
 * `topology-shape.ts`; what a shape cannot say (names, ports, peers that fit together) is said by `topology-problems.ts`.
 */
import { readFileSync } from "node:fs";
import { STEERING, type SteeringSettings } from "../geodns/steering-settings.ts";
import { topologyProblems } from "./topology-problems.ts";
import { TopologyFile, type TopologyRegion, type TopologySteering } from "./topology-shape.ts";

export type { TopologyRegion };
export interface Topology {
  readonly zone: string;
  /** Retired ones too. */
  readonly regions: readonly TopologyRegion[];
  readonly customers?: readonly string[];
  readonly nameServers?: readonly { readonly name: string; readonly addresses: readonly string[] }[];
  readonly steering?: TopologySteering;
}

export const steeringOf = ({ steering }: Topology): SteeringSettings => ({ ...STEERING, ...steering });

/** The list cannot be used; each problem with what mends it. */
export class TopologyFault extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("; "));
    this.problems = problems;
  }
}

const where = (path: readonly PropertyKey[]): string =>
  path.map((part, i) => (typeof part === "number" ? `[${part}]` : `${i > 0 ? "." : ""}${String(part)}`)).join("") || "the list";

/** Throws a TopologyFault that names every problem. */
export function parseTopology(text: string): Topology {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw new TopologyFault([`the topology is no JSON: ${error instanceof Error ? error.message : String(error)}`]);
  }
  const parsed = TopologyFile.safeParse(given);
  if (!parsed.success) throw new TopologyFault(parsed.error.issues.map(({ path, message }) => `${where(path)}: ${message}`));
  const { $schema: _, ...topology } = parsed.data;
  const problems = topologyProblems(topology.regions);
  if (problems.length > 0) throw new TopologyFault(problems);
  return topology;
}

/** A topology as ATOLL_TOPOLOGY gives it: a file's path, or the JSON itself. */
export const readTopology = (given: string): Topology =>
  parseTopology(given.trimStart().startsWith("{") ? given : readFileSync(given, "utf8"));

/** The regions that there are now, without the retired. */
export const present = ({ regions }: Topology): readonly TopologyRegion[] => regions.filter(({ retired }) => !retired);
export const peersOf = (topology: Topology, region: string): readonly string[] =>
  present(topology).flatMap(({ name: peer }) => (peer === region ? [] : [peer]));
/** Regions that are gone for good and have left their history. */
export const retiredBeside = ({ regions }: Topology, region: string): readonly string[] =>
  regions.flatMap(({ name: peer, retired }) => (retired && peer !== region ? [peer] : []));
