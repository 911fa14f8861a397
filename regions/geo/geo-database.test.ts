import { mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addressBytes } from "../../geodns/address.ts";
import { woundTimers } from "../wound-timers.test-model.ts";
import { type GeoDatabase, openGeoDatabase } from "./geo-database.ts";
import { mmdbOf } from "./mmdb.test-model.ts";

let directory: string;
let path: string;
const timers = woundTimers();
const told: string[] = [];
const open = (bytes: Buffer | string): GeoDatabase => {
  writeFileSync(path, bytes);
  return openGeoDatabase({ path, timers, told: ({ ok, detail }) => told.push(`${ok} ${detail.replace(path, "PATH")}`) });
};
const at = (geo: GeoDatabase, ip: string) => geo.locate(addressBytes(ip)!);
const inCountry = (country: string) => ({ country: { iso_code: country } });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "atoll-geo-"));
  path = join(directory, "places.mmdb");
  told.length = 0;
});
afterEach(() => rmSync(directory, { recursive: true }));

describe.each([4, 6] as const)("an MMDB file with a tree for IPv%i", (version) => {
  test("in MaxMind's own schema: country, subdivision, place, ASN, and how many bits lead there", () => {
    const geo = open(
      mmdbOf(
        {
          "192.0.2.0/25": {
            country: { iso_code: "US", names: { en: "United States" } },
            subdivisions: [{ iso_code: "CA" }],
            location: { latitude: 37.5, longitude: -122.25, accuracy_radius: 20 },
            traits: { user_count: 3 },
            autonomous_system_number: 64_500,
          },
        },
        version,
      ),
    );
    expect(at(geo, "192.0.2.9")).toEqual({ bits: 25, country: "US", subdivision: "CA", asn: 64_500, latitude: 37.5, longitude: -122.25 });
    expect(at(geo, "192.0.2.129")).toEqual({ bits: 25 });
    expect(at(geo, "10.0.0.1")).toEqual({ bits: 1 });
  });
  test("numbers written as text are decimal digits; what is none is not known, and not a place somewhere", () => {
    const flat = (latitude: string) => ({ country_code: "XX", latitude, longitude: "-122.25" });
    const geo = open(mmdbOf({ "192.0.2.0/24": flat("37.5"), "198.51.100.0/24": flat("0x10") }, version));
    expect(at(geo, "192.0.2.9")).toEqual({ bits: 24, country: "XX", latitude: 37.5, longitude: -122.25 });
    expect(at(geo, "198.51.100.9")).toEqual({ bits: 24, country: "XX" });
  });
  test("in the flat schema; with a country only, the country's middle is the place", () => {
    const geo = open(
      mmdbOf(
        { "192.0.2.0/24": { country_code: "DE" }, "198.51.100.0/24": { country_code: "de", latitude: 53.5, longitude: 10.1 } },
        version,
      ),
    );
    expect(at(geo, "192.0.2.9")).toEqual({ bits: 24, country: "DE", latitude: 51, longitude: 10 });
    expect(at(geo, "198.51.100.1")).toEqual({ bits: 24, country: "DE", latitude: 53.5, longitude: 10.1 });
  });
  test("records that are not as they should be are places that are not known", () => {
    const geo = open(
      mmdbOf({ "192.0.2.0/24": { country: "US", location: { latitude: "north" } }, "198.51.100.0/24": ["nothing"] }, version),
    );
    expect([at(geo, "192.0.2.9"), at(geo, "198.51.100.1")]).toEqual([{ bits: 24 }, { bits: 24 }]);
  });
});

test("IPv6 is found where there is a tree for it, and is unknown alike where there is none", () => {
  const records = { "2001:db8::/32": inCountry("JP") };
  expect(at(open(mmdbOf(records)), "2001:db8::1")).toMatchObject({ bits: 32, country: "JP" });
  expect(at(open(mmdbOf({ "192.0.2.0/24": inCountry("JP") }, 4)), "2001:db8::1")).toEqual({ bits: 0 });
});

describe("a table of networks", () => {
  test("gives what its lines say, the longest prefix first", () => {
    const geo = open("# ours\n198.51.100.0/24,US-CA,37.5,-122.2,AS64500\n198.51.100.128/25,de\n2001:db8::/32,,1.5,103.8\n\n");
    expect(at(geo, "198.51.100.1")).toEqual({ bits: 25, country: "US", subdivision: "CA", asn: 64_500, latitude: 37.5, longitude: -122.2 });
    expect(at(geo, "198.51.100.200")).toEqual({ bits: 25, country: "DE", latitude: 51, longitude: 10 });
    expect(at(geo, "2001:db8::1")).toEqual({ bits: 32, latitude: 1.5, longitude: 103.8 });
  });
  test.each([
    "198.51.100.1/24,US",
    "198.51.100.0/24,USA",
    "198.51.100.0/24,US,37.5",
    "198.51.100.0/24,US,95,0",
    "198.51.100.0/24,US,1,1,x",
    "198.51.100.0/24,US,0x10,1",
    "198.51.100.0/24,US,1,1e2",
    "198.51.100.0/24,US,+1,1",
    "198.51.100.0/24,US,1,1,4294967296",
    "nonsense",
    "198.51.100.0/24,US,1,1,1,1",
  ])("a line that cannot be read is named: %s", (line) => {
    expect(() => open(`192.0.2.0/24,US\n${line}\n`)).toThrow("line 2 is not network");
  });
  test("cut off anywhere within a line it is none: what is left of the line might be another place", () => {
    const last = "203.0.113.0/24,DE,50.11,8.68";
    for (let length = 1; length <= last.length; length += 1)
      expect(() => open(`192.0.2.0/24,US\n${last.slice(0, length)}`), last.slice(0, length)).toThrow("line 2");
  });
  test("one without a network is none", () => {
    expect(() => open("# nothing\n")).toThrow("it names no network");
  });
});

describe("the file", () => {
  const us = () => mmdbOf({ "192.0.2.0/24": inCountry("US") });
  const jp = () => mmdbOf({ "192.0.2.0/24": inCountry("JP"), "198.51.100.0/24": inCountry("JP") });

  test("that is missing, empty or cut off at the start cannot be opened", () => {
    expect(() => openGeoDatabase({ path: join(directory, "none"), timers })).toThrow("ENOENT");
    for (const bytes of ["", us().subarray(0, 40), us().subarray(0, us().length - 60)]) expect(() => open(bytes)).toThrow();
  });
  test("that is replaced is read anew", () => {
    const geo = open(us());
    writeFileSync(`${path}.next`, jp());
    renameSync(`${path}.next`, path);
    expect(at(geo, "192.0.2.9")).toMatchObject({ country: "US" });
    timers.tick();
    expect(at(geo, "192.0.2.9")).toMatchObject({ country: "JP" });
    expect(told).toEqual([expect.stringMatching(/^true PATH of \d{4}-/)]);
  });
  test("that is removed, cut off or overwritten with something else changes nothing, is said once, and is followed when it is whole again", () => {
    const geo = open(us());
    const faults = [
      () => rmSync(path),
      () => writeFileSync(path, jp().subarray(0, 50)),
      () => writeFileSync(path, Buffer.alloc(5_000, 1)),
      () => truncateSync(path, 10),
    ];
    for (const harm of faults) {
      told.length = 0;
      harm();
      timers.tick();
      timers.tick();
      expect(at(geo, "192.0.2.9")).toMatchObject({ country: "US" });
      expect(told.filter((one) => one.startsWith("false"))).toHaveLength(1);
      expect(geo.detail()).toContain("is not followed");
    }
    writeFileSync(path, jp());
    timers.tick();
    expect(at(geo, "192.0.2.9")).toMatchObject({ country: "JP" });
    expect(geo.detail()).not.toContain("is not followed");
  });
  test("every way of being cut off leaves the former in force or opens whole: never a crash, never half a tree", () => {
    const whole = jp();
    const geo = open(us());
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(path, whole.subarray(0, length));
      timers.tick();
      expect(at(geo, "192.0.2.9")).toMatchObject({ country: "US" });
    }
  });
});
