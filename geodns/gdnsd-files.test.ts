import { expect, test } from "vitest";
import { gdnsdFiles } from "./gdnsd-files.ts";
import type { GeoRegion } from "./region.ts";

const US: GeoRegion = { name: "us", url: "https://192.0.2.1", latitude: 39, longitude: -77 };
const FRA: GeoRegion = { name: "fra", url: "https://192.0.2.2", latitude: 50.1, longitude: 8.7 };
const MAN: GeoRegion = { name: "man", url: "https://192.0.2.3", latitude: 49.5, longitude: 8.5 };
/** Everybody is in Germany, by one record. */
const locate = () => ({ bits: 0, country: "DE", latitude: 49.8, longitude: 8.6 });
const netsOf = (regions: readonly GeoRegion[]): readonly string[] =>
  gdnsdFiles({ regions, health: new Map() }, locate, { ttl: 30, withNets: true })
    .nets!.trim()
    .split("\n")
    .filter((line) => !line.includes(":"));

test("regions that stand apart make one line for everybody who is in one place", () => {
  expect(netsOf([US, FRA])).toEqual(["0.0.0.0/0 => [ fra, us ]"]);
});

test("regions side by side share networks of a /12 by weight, not one line for every /24", () => {
  const nets = netsOf([US, { ...FRA, weight: 3 }, MAN]);
  const blocks = (first: string): number =>
    nets
      .flatMap((line) => (line.includes(`[ ${first},`) ? [2 ** (12 - Number(/\/(\d+) /.exec(line)![1]))] : []))
      .reduce((sum, one) => sum + one, 0);
  expect(nets.length).toBeLessThanOrEqual(4_096);
  expect(blocks("fra") + blocks("man")).toBe(4_096);
  expect(blocks("fra") / 4_096).toBeCloseTo(0.75, 1);
  expect(nets.every((line) => line.endsWith(", us ]"))).toBe(true);
});
