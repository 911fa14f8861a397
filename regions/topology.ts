/** The one list of regions: read by gateways, by GeoDNS and by Terraform, so that nobody has a list of their own. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { STEERING, type SteeringSettings } from "../geodns/steering-settings.ts";

const Region = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "letters, digits, - and _; at most 64"),
  /** Where users reach the region. */
  url: z.url(),
  ws: z.url(),
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  /** Offered to nobody while another region is up; `atoll regions drain` does the same without a change of this list. */
  drained: z.boolean().exactOptional(),
});
const milliseconds = (least: number, most: number) => z.number().int().min(least).max(most).exactOptional();
/** What is absent is as in `STEERING`. */
const Steering = z.strictObject({
  everyMs: milliseconds(100, 60_000),
  timeoutMs: milliseconds(50, 30_000),
  rampMs: milliseconds(0, 86_400_000),
  redirectAfterMs: milliseconds(0, 86_400_000),
});
const TopologyFile = z.strictObject({
  /** `gw.<zone>` is steered, `<region>.gw.<zone>` never. */
  zone: z.string().min(1),
  regions: z.array(Region).min(1).max(64),
  /** Names of customers in the zone ("acme" -> acme.<zone>): long-lived CNAMEs to the one steered name. */
  customers: z
    .array(z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "one label of a domain name in small letters"))
    .max(100_000)
    .exactOptional(),
  steering: Steering.exactOptional(),
});

export type TopologyRegion = Readonly<z.infer<typeof Region>>;
export interface Topology {
  readonly zone: string;
  readonly regions: readonly TopologyRegion[];
  readonly customers?: readonly string[];
  readonly steering?: Readonly<z.infer<typeof Steering>>;
}

export const steeringOf = ({ steering }: Topology): SteeringSettings => ({ ...STEERING, ...steering });

/** A topology as ATOLL_TOPOLOGY gives it: a file's path, or the JSON itself. */
export function readTopology(given: string): Topology {
  const text = given.trimStart().startsWith("{") ? given : readFileSync(given, "utf8");
  const topology = TopologyFile.parse(JSON.parse(text));
  const names = topology.regions.map(({ name }) => name);
  if (new Set(names).size !== names.length) throw new Error("the topology names a region twice");
  return topology;
}

/** Where the regions of a local mesh pretend to be; others are spread along the equator. */
const PLACES: Readonly<Record<string, readonly [latitude: number, longitude: number]>> = {
  us: [39, -77],
  eu: [50.1, 8.7],
  ap: [1.35, 103.8],
  sa: [-23.5, -46.6],
  af: [-26.2, 28],
  au: [-33.9, 151.2],
};

export function localTopology(regions: readonly string[], port: number): Topology {
  return {
    zone: "atoll.test",
    // On one machine a look costs nothing, and people watch what happens.
    steering: { everyMs: 500 },
    regions: regions.map((name, i) => {
      const [latitude, longitude] = PLACES[name] ?? [0, Math.round((360 / regions.length) * i - 180)];
      return { name, url: `http://127.0.0.1:${port + i}`, ws: `ws://127.0.0.1:${port + i}/v1/connect`, latitude, longitude };
    }),
  };
}
