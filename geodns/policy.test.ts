import { describe, expect, test } from "vitest";
import { Refusal } from "../core/errors.ts";
import { addressBytes, readAddress } from "./address.ts";
import type { Client, Place } from "./client.ts";
import { measuredFrom } from "./measured.ts";
import { openOverrides, readMatch } from "./overrides.ts";
import { rankRegions, TTL_REST, TTL_UNSETTLED } from "./policy.ts";
import { openRanking } from "./ranking.ts";
import type { GeoRegion, HealthView, RegionHealth } from "./region.ts";
import type { World } from "./steering.ts";

const regions: readonly GeoRegion[] = [
  { name: "us", url: "https://us.example", latitude: 39, longitude: -77 },
  { name: "eu", url: "https://eu.example", latitude: 50, longitude: 9 },
  { name: "ap", url: "https://ap.example", latitude: 1.3, longitude: 103.8 },
];
const well: RegionHealth = { state: "up", why: "ready", settled: true, share: 1, shed: 0 };
type Ill = { readonly [region: string]: RegionHealth["state"] | Partial<RegionHealth> };
const health = (ill: Ill = {}): HealthView =>
  new Map(
    regions.map(({ name }) => {
      const one = ill[name];
      return [name, typeof one === "string" ? { ...well, state: one, why: `${name} is ${one}` } : { ...well, ...one }];
    }),
  );
const address = addressBytes("192.0.2.9")!;
const at = (place?: Omit<Place, "bits">, ip = "192.0.2.9"): Client => ({
  address: addressBytes(ip)!,
  ...(place === undefined ? {} : { place: { bits: 20, ...place } }),
});
const frankfurt = { country: "DE", latitude: 50.1, longitude: 8.7 };
const rank = (world: Partial<World> = {}, client: Client = { address }) =>
  rankRegions({ world: { regions, health: health(), ...world }, client });
const names = (world: Partial<World> = {}, client: Client = { address }) => rank(world, client).items.map(({ name }) => name);
const blocks = Array.from({ length: 2_000 }, (_, i): Client => ({ address: Uint8Array.from([10 + (i >> 8), i & 255, 7, 0]) }));

describe("the policy", () => {
  test("offers the regions in the configured order while all are well; that hangs on no bit of the address", () => {
    expect(rank()).toMatchObject({ items: [{ name: "us", state: "up" }, { name: "eu" }, { name: "ap" }], scope: 0, ttl: TTL_REST });
  });
  test.each(["down", "unready", "draining", "drained", "clock", "cut-off"] as const)(
    "puts a region that is %s behind the others and says why",
    (state) => {
      const { items, ttl } = rank({ health: health({ us: state }) });
      expect(items.map(({ name }) => name)).toEqual(["eu", "ap", "us"]);
      expect(items[2]).toMatchObject({ state, why: `us is ${state}`, share: 0 });
      expect(ttl).toBe(TTL_UNSETTLED);
    },
  );
  test("puts a region that is drained in the list last, however well it is", () => {
    expect(names({ regions: [{ ...regions[0]!, drained: true }, ...regions.slice(1)] })).toEqual(["eu", "ap", "us"]);
  });
  test("always answers: with all regions down, as if all were up", () => {
    const { items } = rank({ health: health({ us: "down", eu: "clock", ap: "draining" }) }, at(frankfurt));
    expect(items.map(({ name, state }) => `${name} ${state}`)).toEqual(["eu clock", "us down", "ap draining"]);
    expect(items[0]!.why).toContain("so all are offered");
  });
  test("a region that was not yet looked at counts as up, but not for long", () => {
    expect([names({ health: new Map() }), rank({ health: new Map() }).ttl]).toEqual([["us", "eu", "ap"], TTL_UNSETTLED]);
  });
  test("a third region that is ill does not shorten the answer: it is not the next to be tried", () => {
    expect(rank({ health: health({ ap: "down" }) }).ttl).toBe(TTL_REST);
  });
  test("the nearest comes first where the place is known, for all of the block that the database knows", () => {
    expect(rank({}, at(frankfurt))).toMatchObject({ items: [{ name: "eu" }, { name: "us" }, { name: "ap" }], scope: 20 });
    expect(rank({}, at({ country: "JP" }))).toMatchObject({ items: [{ name: "us" }, { name: "eu" }, { name: "ap" }], scope: 20 });
  });
  test("only so many as are asked for", () => {
    expect(rankRegions({ world: { regions, health: health() }, client: at(frankfurt), first: 1 }).items.map(({ name }) => name)).toEqual([
      "eu",
    ]);
  });
});

describe("overrides", () => {
  const overrides = (...all: readonly (readonly [match: string, ...regions: string[]])[]) =>
    openOverrides(all.map(([match, ...to]) => ({ match: readMatch(match)!, regions: to })));
  test.each([
    ["192.0.2.0/24", 24],
    ["AS64500", 20],
    ["DE-HE", 20],
    ["DE", 20],
  ])("%s beats every database, for as many bits as it hangs on", (match, scope) => {
    const answer = rank({ overrides: overrides([match, "ap"]) }, at({ ...frankfurt, asn: 64_500, subdivision: "HE" }));
    expect([answer.items.map(({ name }) => name), answer.scope]).toEqual([["ap", "eu", "us"], Math.max(scope, 20)]);
    expect(answer.items[0]!.why).toBe(`first: by override for ${match}`);
  });
  test("the more particular one decides: network, then ASN, then subdivision, then country", () => {
    const client = at({ ...frankfurt, asn: 64_500, subdivision: "HE" });
    const all = [
      ["DE", "us"],
      ["DE-HE", "ap"],
      ["AS64500", "eu"],
      ["192.0.2.0/25", "us", "ap"],
      ["192.0.0.0/16", "ap"],
    ] as const;
    const first = [2, 3, 4, 5].map((many) => names({ overrides: overrides(...all.slice(0, many - 1)) }, client)[0]);
    expect(first).toEqual(["us", "ap", "eu", "us"]);
    expect(names({ overrides: overrides(...all) }, client).slice(0, 2)).toEqual(["us", "ap"]);
  });
  test("an override for elsewhere still narrows the scope down to where it does not apply", () => {
    expect(rank({ overrides: overrides(["192.0.3.0/24", "ap"]) })).toMatchObject({ items: [{ name: "us" }, {}, {}], scope: 24 });
    expect(rank({ overrides: overrides(["10.0.0.0/8", "ap"]) }).scope).toBe(1);
  });
  test("an override for all of IPv4, or for some of IPv6, holds for one family: a scope of none would hold for both", () => {
    expect(rank({ overrides: overrides(["0.0.0.0/0", "ap"]) })).toMatchObject({ items: [{ name: "ap" }, {}, {}], scope: 1 });
    expect(rank({ overrides: overrides(["2001:db8::/32", "ap"]) })).toMatchObject({ items: [{ name: "us" }, {}, {}], scope: 1 });
  });
  test("an override does not send anybody to a region that is down", () => {
    expect(names({ overrides: overrides(["192.0.2.0/24", "ap", "eu"]), health: health({ ap: "down" }) })).toEqual(["eu", "us", "ap"]);
  });
  test.each(["192.0.2.1/24", "192.0.2.0/33", "ASx", "AS4294967296", "USA", "US-", "", "2001:db8::1/32", "1.2.3"])(
    "%j matches nobody",
    (text) => {
      expect(readMatch(text)).toBeUndefined();
    },
  );
});

describe("measured round trips", () => {
  const rows = (key: string, us: number, eu: number, samples = 20, people = 5) => [
    { key, region: "us", ms: us, samples, people },
    { key, region: "eu", ms: eu, samples, people },
  ];
  const client = at(frankfurt);
  test("a region that wins by more than a fifth and 15 ms goes before a nearer one, for that block", () => {
    const answer = rank({ measured: measuredFrom(rows("192.0.2.0/24", 50, 100)) }, client);
    expect([answer.items.map(({ name }) => name), answer.scope]).toEqual([["us", "eu", "ap"], 24]);
    expect(answer.items[0]!.why).toBe("first: by measurement, 50 ms against 100 ms to eu");
  });
  test.each([
    ["by 15 ms only", 85, 100],
    ["by a fifth only", 8, 10],
    ["the other way round", 100, 50],
  ])("a win %s moves nobody", (_, us, eu) => {
    expect(names({ measured: measuredFrom(rows("192.0.2.0/24", us, eu)) }, client)[0]).toBe("eu");
  });
  test("few samples decide nothing, and a country is not decided by one household", () => {
    expect(names({ measured: measuredFrom(rows("192.0.2.0/24", 50, 100, 19)) }, client)[0]).toBe("eu");
    expect(names({ measured: measuredFrom(rows("192.0.2.0/24", 50, 100, 20, 1)) }, client)[0]).toBe("us");
    expect(names({ measured: measuredFrom(rows("DE", 50, 100, 200, 4)) }, client)[0]).toBe("eu");
    expect(names({ measured: measuredFrom(rows("DE", 50, 100, 200, 5)) }, client)[0]).toBe("us");
  });
  test("having won it stays until the advantage is nearly gone: an average around the threshold moves nobody", () => {
    let table = measuredFrom(rows("192.0.2.0/24", 79, 100));
    const first = [79, 81, 79, 85, 89, 79].map((us) => {
      table = measuredFrom(rows("192.0.2.0/24", us, 100), table);
      return names({ measured: table }, client)[0];
    });
    expect(first).toEqual(["us", "us", "us", "us", "us", "us"]);
    table = measuredFrom(rows("192.0.2.0/24", 91, 100), table);
    expect(names({ measured: table }, client)[0]).toBe("eu");
    table = measuredFrom(rows("192.0.2.0/24", 85, 100), table);
    expect(names({ measured: table }, client)[0]).toBe("eu");
  });
  test("averages of several gateways are one, by the number of samples", () => {
    const both = [...rows("192.0.2.0/24", 50, 100, 10, 1), ...rows("192.0.2.0/24", 70, 100, 30, 1)];
    expect(measuredFrom(both).rows.get("192.0.2.0/24")?.averages.get("us")).toMatchObject({ ms: 65, samples: 40 });
  });
  test("a region that is down is not chosen for its speed", () => {
    const measured = measuredFrom(rows("192.0.2.0/24", 50, 100));
    expect(names({ measured, health: health({ us: "down" }) }, client)).toEqual(["eu", "ap", "us"]);
  });
});

describe("shares", () => {
  const homes = (share: number, of = "us") =>
    blocks.filter((client) => names({ health: health({ [of]: { share } }) }, client)[0] === of).length;
  test("a region that comes back takes its share of the clients, and none that has come home leaves again", () => {
    expect(homes(0.1) / blocks.length).toBeCloseTo(0.1, 1);
    let home = new Set<Client>();
    for (let share = 0.1; share <= 1; share += 0.05) {
      const now = new Set(blocks.filter((client) => names({ health: health({ us: { share } }) }, client)[0] === "us"));
      expect([...home].every((client) => now.has(client))).toBe(true);
      home = now;
    }
    expect(homes(1)).toBe(blocks.length);
  });
  test("in a ramp the answer holds for the block that was hashed, and not for long", () => {
    expect(rank({ health: health({ us: { share: 0.5 } }) })).toMatchObject({ scope: 24, ttl: TTL_UNSETTLED });
    expect(rank({ health: health({ us: { share: 0.5 } }) }, { address: addressBytes("2001:db8::1")! }).scope).toBe(48);
  });
  test("the region that a client is kept from is the next in its list", () => {
    const away = blocks.find((client) => names({ health: health({ us: { share: 0.1 } }) }, client)[0] !== "us")!;
    const { items } = rank({ health: health({ us: { share: 0.1 } }) }, away);
    expect(items.map(({ name }) => name)).toEqual(["eu", "us", "ap"]);
    expect(items[0]!.why).toBe("first: us is coming back and takes 10 % so far; next by configuration");
  });
  test("regions that come up together take their clients at once", () => {
    const young = health({ us: { share: 0.1 }, eu: { share: 0.1 }, ap: { share: 0.1 } });
    expect(blocks.every((client) => names({ health: young }, client)[0] === "us")).toBe(true);
  });
  test("a region that is nearly full sends its share on; when all are, nobody is sent on", () => {
    const sent = blocks.filter((client) => names({ health: health({ us: { shed: 0.3 } }) }, client)[0] === "eu").length;
    expect(sent / blocks.length).toBeCloseTo(0.3, 1);
    const full = health({ us: { shed: 1 }, eu: { shed: 1 }, ap: { shed: 1 } });
    expect(names({ health: full })[0]).toBe("us");
  });
});

describe("the ranking over HTTP", () => {
  const ranking = openRanking({ world: () => ({ regions, health: health({ us: "down" }) }), locate: () => undefined });
  test("gives the same order with every field, with or without an address", () => {
    expect(ranking.rank("198.51.100.7")).toEqual(rank({ health: health({ us: "down" }) }));
    expect(ranking.rank().items.every(({ name, url, state, why }) => name && url && state && why)).toBe(true);
  });
  test.each(["", "nowhere", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "0x7f.1.1.1", "fe80::1%eth0", "192.0.2.0/24", "::g"])(
    "refuses %j as no address",
    (ip) => {
      expect(() => ranking.rank(ip)).toThrow(Refusal);
    },
  );
  test("takes IPv4 in IPv6 as the IPv4 that it is", () => {
    expect([readAddress("::ffff:192.0.2.1"), readAddress("2001:DB8::1")]).toEqual(["192.0.2.1", "2001:db8::1"]);
  });
});
