import { deserialize, serialize } from "node:v8";
import { expect, test } from "vitest";
import { addressBytes } from "./address.ts";
import { measuredFrom, type RoundTripRow } from "./measured.ts";
import { openOverrides, readMatch } from "./overrides.ts";
import { rankRegions } from "./policy.ts";
import type { GeoRegion, RegionHealth } from "./region.ts";
import type { World } from "./steering.ts";
import { partsSince, type WorldParts, withParts } from "./world-parts.ts";

const regions: readonly GeoRegion[] = [
  { name: "us", url: "https://us.example", latitude: 39, longitude: -77 },
  { name: "eu", url: "https://eu.example", latitude: 50, longitude: 9 },
];
const health = (state: RegionHealth["state"]): ReadonlyMap<string, RegionHealth> =>
  new Map(regions.map(({ name }) => [name, { state: name === "us" ? state : "up", why: "as told", settled: true, share: 1, shed: 0 }]));
const trips = (ms: number): readonly RoundTripRow[] => [
  { key: "192.0.2.0/24", region: "us", ms: 100, samples: 30, people: 5 },
  { key: "192.0.2.0/24", region: "eu", ms, samples: 30, people: 5 },
];
/** As between two processes. */
const told = (parts: WorldParts): WorldParts => deserialize(serialize(parts)) as WorldParts;
const NOTHING: World = { regions: [], health: new Map() };
const firstOf = (world: World, address: string): string => {
  const { items } = rankRegions({ world, client: { address: addressBytes(address)!, place: { bits: 24, latitude: 40, longitude: -75 } } });
  return `${items[0]?.name}: ${items[0]?.why}`;
};

test("who is told a world in parts decides like the one that tells it, also by who has won before", () => {
  const wins = measuredFrom(trips(79));
  const first: World = {
    regions,
    health: health("up"),
    overrides: openOverrides([{ match: readMatch("198.51.100.0/24")!, regions: ["eu"] }]),
    // 85 against 100 wins nothing anew, but keeps what 79 had won.
    measured: measuredFrom(trips(85), wins),
  };
  let theirs = withParts(NOTHING, told(partsSince(undefined, first)));
  const clients = ["192.0.2.7", "198.51.100.7", "203.0.113.7"];
  expect(clients.map((client) => firstOf(theirs, client))).toEqual(clients.map((client) => firstOf(first, client)));
  expect(firstOf(theirs, "192.0.2.7")).toMatch(/^eu: /);

  const second: World = { ...first, health: health("down") };
  theirs = withParts(theirs, told(partsSince(first, second)));
  expect(firstOf(theirs, "203.0.113.7")).toMatch(/^eu: /);
  expect(clients.map((client) => firstOf(theirs, client))).toEqual(clients.map((client) => firstOf(second, client)));
});

test("a region's death does not bring the measured blocks and the overrides with it; what did not change brings nothing", () => {
  const measured = measuredFrom(trips(50));
  const first: World = { regions, health: health("up"), overrides: openOverrides([]), measured };
  expect(Object.keys(partsSince(first, { ...first, health: health("down") }))).toEqual(["health"]);
  expect(Object.keys(partsSince(first, { ...first, measured: measuredFrom(trips(51), measured) }))).toEqual(["measured"]);
  expect(partsSince(first, { ...first })).toEqual({});
});

test("overrides that are all taken away are taken away there too", () => {
  const first: World = {
    regions,
    health: health("up"),
    overrides: openOverrides([{ match: readMatch("198.51.100.0/24")!, regions: ["eu"] }]),
  };
  const theirs = withParts(NOTHING, told(partsSince(undefined, first)));
  expect(firstOf(theirs, "198.51.100.7")).toMatch(/^eu: /);
  const after = withParts(theirs, told(partsSince(first, { ...first, overrides: openOverrides([]) })));
  expect(firstOf(after, "198.51.100.7")).toMatch(/^us: /);
});
