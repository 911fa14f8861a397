/** The one list of regions of a mesh on this machine. */
import type { Topology } from "../topology.ts";

/** Where the regions of a local mesh pretend to be; others are spread along the equator. */
const PLACES: Readonly<Record<string, readonly [displayName: string, latitude: number, longitude: number]>> = {
  us: ["Virginia", 39, -77],
  eu: ["Frankfurt", 50.1, 8.7],
  ap: ["Singapore", 1.35, 103.8],
  sa: ["São Paulo", -23.5, -46.6],
  af: ["Johannesburg", -26.2, 28],
  au: ["Sydney", -33.9, 151.2],
};

export interface LocalRegion {
  readonly name: string;
  /** Where other regions' gateway servers dial in, on this machine. */
  readonly linkPort?: number;
  readonly drained?: boolean;
  readonly retired?: boolean;
}

/** Region i listens on port + i. */
export function localTopology(regions: readonly LocalRegion[], port: number): Topology {
  return {
    zone: "atoll.test",
    regions: regions.map(({ name: region, linkPort, drained = false, retired = false }, index) => {
      const [displayName, latitude, longitude] = PLACES[region] ?? [region, 0, Math.round((360 / 12) * (index % 12) - 180)];
      return {
        name: region,
        displayName,
        index,
        url: `http://127.0.0.1:${port + index}`,
        ws: `ws://127.0.0.1:${port + index}/v1/connect`,
        ...(linkPort === undefined ? {} : { link: [`nats://127.0.0.1:${linkPort}`] }),
        latitude,
        longitude,
        weight: 1,
        drained,
        retired,
        providers: {},
      };
    }),
    // On one machine a look costs nothing, and people watch what happens.
    steering: { everyMs: 500 },
  };
}
