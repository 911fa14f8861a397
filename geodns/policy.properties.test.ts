/** What holds of the policy whatever the world is like. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blockBits, masked, networkText } from "./address.ts";
import type { Client, Place } from "./client.ts";
import { measuredFrom, type RoundTripRow } from "./measured.ts";
import { type Override, openOverrides } from "./overrides.ts";
import { rankRegions } from "./policy.ts";
import { PrefixTree } from "./prefix-tree.ts";
import type { GeoRegion, RegionHealth, RegionState } from "./region.ts";
import type { World } from "./steering.ts";

const NAMES = ["us", "eu", "ap", "sa"] as const;
const regions: readonly GeoRegion[] = [
  { name: "us", url: "https://us.example", latitude: 39, longitude: -77 },
  { name: "eu", url: "https://eu.example", latitude: 50, longitude: 9 },
  { name: "ap", url: "https://ap.example", latitude: 1.3, longitude: 103.8 },
  { name: "sa", url: "https://sa.example" },
];
const STATES: readonly RegionState[] = ["up", "up", "up", "draining", "drained", "clock", "unready", "down", "cut-off"];

/** Few different first bytes, so that networks and clients meet. */
const address = fc
  .tuple(fc.constantFrom(10, 11), fc.constantFrom(0, 1, 128), fc.nat(3), fc.nat(255))
  .map((bytes) => Uint8Array.from(bytes));
const network = fc.tuple(address, fc.integer({ min: 0, max: 32 })).map(([from, bits]) => ({ address: masked(from, bits), bits }));
const named = fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 });
const override: fc.Arbitrary<Override> = fc.oneof(
  fc.record({ match: network.map((one) => ({ by: "network", network: one }) as const), regions: named }),
  fc.record({ match: fc.constantFrom("US", "DE").map((country) => ({ by: "country", country }) as const), regions: named }),
);
const share = fc.constantFrom(0.1, 0.4, 0.9, 1);
const regionHealth: fc.Arbitrary<RegionHealth> = fc.record({
  state: fc.constantFrom(...STATES),
  why: fc.constant("as seen"),
  settled: fc.boolean(),
  share,
  shed: fc.constantFrom(0, 0, 0.5, 1),
});
const row: fc.Arbitrary<RoundTripRow> = fc.record({
  key: fc.oneof(
    address.map((one) => networkText({ address: masked(one, 24), bits: 24 })),
    fc.constantFrom("US", "DE"),
  ),
  region: fc.constantFrom(...NAMES),
  ms: fc.integer({ min: 1, max: 200 }),
  samples: fc.constantFrom(1, 30),
  people: fc.constantFrom(1, 9),
});
/** Places as a database gives them: one for each of its blocks. */
const places = fc.array(
  fc.tuple(
    network,
    fc.constantFrom<Omit<Place, "bits">>(
      { country: "US", latitude: 37, longitude: -122 },
      { country: "DE", latitude: 50, longitude: 8 },
      { country: "DE" },
      {},
    ),
  ),
  { maxLength: 6 },
);
const world = fc.record({
  health: fc.tuple(regionHealth, regionHealth, regionHealth, regionHealth),
  overrides: fc.array(override, { maxLength: 4 }),
  rows: fc.array(row, { maxLength: 12 }),
  places: fc.option(places, { nil: undefined }),
});
type Drawn = typeof world extends fc.Arbitrary<infer T> ? T : never;

function opened(drawn: Drawn): { readonly world: World; readonly at: (address: Uint8Array) => Client } {
  const tree = drawn.places === undefined ? undefined : PrefixTree.of(drawn.places);
  return {
    world: {
      regions,
      health: new Map(NAMES.map((name, i) => [name, drawn.health[i]!])),
      overrides: openOverrides(drawn.overrides),
      measured: measuredFrom(drawn.rows),
    },
    at: (one) => {
      if (tree === undefined) return { address: one };
      const { value, bits } = tree.find(one);
      return { address: one, place: { bits, ...value } };
    },
  };
}
const rank = ({ world: known, at }: ReturnType<typeof opened>, one: Uint8Array) => rankRegions({ world: known, client: at(one) });
const plain = ({ items, ttl }: ReturnType<typeof rank>) => ({ items, ttl });
const RUNS = { numRuns: 1_500 };

describe("whatever the world is like", () => {
  test("there is an answer, with every region once, and those offered before all others", () => {
    fc.assert(
      fc.property(world, address, (drawn, one) => {
        const { items, scope, ttl } = rank(opened(drawn), one);
        expect(items.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
        const offered = items.map(({ state }) => state === "up");
        expect(offered.lastIndexOf(true) < offered.indexOf(false) || !offered.includes(false) || !offered.includes(true)).toBe(true);
        expect(scope >= 0 && scope <= 32 && ttl > 0 && items.every(({ why, url }) => why !== "" && url !== "")).toBe(true);
      }),
      RUNS,
    );
  });
  test("with all regions down the order is as if all were up", () => {
    fc.assert(
      fc.property(world, address, (drawn, one) => {
        const as = (state: RegionState) =>
          rank(
            opened({
              ...drawn,
              rows: [],
              health: NAMES.map(() => ({ state, why: "all", settled: true, share: 1, shed: 0 })) as unknown as Drawn["health"],
            }),
            one,
          );
        expect(as("down").items.map(({ name }) => name)).toEqual(as("up").items.map(({ name }) => name));
      }),
      RUNS,
    );
  });
  test("the scope is never wider than what the answer hangs on: whoever shares those bits gets the very same answer", () => {
    fc.assert(
      fc.property(world, address, fc.uint8Array({ minLength: 4, maxLength: 4 }), (drawn, one, noise) => {
        const mesh = opened(drawn);
        const answer = rank(mesh, one);
        const kept = masked(one, answer.scope);
        const other = noise.map((byte, i) => {
          const mask = Math.max(0, Math.min(8, answer.scope - i * 8));
          return kept[i]! | (byte & (0xff >> mask));
        });
        const there = rank(mesh, other);
        expect(plain(there)).toEqual(plain(answer));
        expect(there.scope).toBe(answer.scope);
      }),
      { numRuns: 6_000 },
    );
  });
  test("a region that comes back wins clients only: while one share grows nobody leaves it", () => {
    fc.assert(
      fc.property(world, address, fc.integer({ min: 0, max: 3 }), share, share, (drawn, one, which, a, b) => {
        const first = (to: number): string => {
          const states = drawn.health.map((was, i) => (i === which ? { ...was, state: "up" as const, share: to } : was));
          return rank(opened({ ...drawn, health: states as unknown as Drawn["health"] }), one).items[0]!.name;
        };
        if (first(Math.min(a, b)) === NAMES[which]) expect(first(Math.max(a, b))).toBe(NAMES[which]);
      }),
      RUNS,
    );
  });
  test("in a ramp a client's block stays together and the answer is always the same", () => {
    fc.assert(
      fc.property(world, address, fc.nat(255), (drawn, one, last) => {
        const mesh = opened({ ...drawn, overrides: [], places: undefined, rows: [] });
        const neighbour = Uint8Array.from([...masked(one, blockBits(one)).slice(0, 3), last]);
        expect(plain(rank(mesh, neighbour))).toEqual(plain(rank(mesh, one)));
      }),
      RUNS,
    );
  });
});

describe("regions that are equally near", () => {
  const twins: readonly GeoRegion[] = [
    { name: "fra", url: "https://fra.example", latitude: 50.1, longitude: 8.7 },
    { name: "man", url: "https://man.example", latitude: 49.5, longitude: 8.5 },
    { name: "us", url: "https://us.example", latitude: 39, longitude: -77 },
    { name: "kar", url: "https://kar.example", latitude: 49, longitude: 8.4 },
  ];
  const blocks = Array.from({ length: 4_000 }, (_, i) => Uint8Array.from([10 + (i >> 8), i & 255, 7, 0]));
  const client = (one: Uint8Array): Client => ({ address: one, place: { bits: 16, country: "DE", latitude: 49.6, longitude: 8.6 } });
  const weights = fc.record({
    fra: fc.double({ min: 0.1, max: 10, noNaN: true }),
    man: fc.double({ min: 0.1, max: 10, noNaN: true }),
    kar: fc.double({ min: 0.1, max: 10, noNaN: true }),
  });
  const firsts = (
    given: Readonly<Record<string, number>>,
    down: readonly string[] = [],
    asked: readonly Uint8Array[] = blocks,
  ): readonly string[] => {
    const regionsNow = twins.map((region) => ({ ...region, weight: given[region.name] ?? 1 }));
    const health = new Map(
      down.map((name): [string, RegionHealth] => [name, { state: "down", why: "no answer", settled: true, share: 1, shed: 0 }]),
    );
    return asked.map((one) => rankRegions({ world: { regions: regionsNow, health }, client: client(one) }).items[0]!.name);
  };

  test("share their clients by weight", () => {
    fc.assert(
      fc.property(weights, (given) => {
        const all = Object.values(given).reduce((sum, one) => sum + one, 0);
        const first = firsts(given);
        for (const [name, weight] of Object.entries(given)) {
          const part = first.filter((one) => one === name).length / blocks.length;
          expect(Math.abs(part - weight / all)).toBeLessThan(0.035);
        }
      }),
      { numRuns: 25 },
    );
  });
  test("a region that is given more weight wins clients only, and nobody moves between the others", () => {
    fc.assert(
      fc.property(weights, fc.constantFrom("fra", "man", "kar"), fc.double({ min: 1, max: 5, noNaN: true }), (given, name, more) => {
        const before = firsts(given, [], blocks.slice(0, 200));
        const after = firsts({ ...given, [name]: given[name as "fra"] * more }, [], blocks.slice(0, 200));
        for (const [i, one] of before.entries()) if (after[i] !== one) expect(after[i]).toBe(name);
      }),
      { numRuns: 100 },
    );
  });
  test("the clients of one that is down are shared by the weights of the others, whose own clients stay", () => {
    fc.assert(
      fc.property(weights, fc.constantFrom("fra", "man", "kar"), (given, name) => {
        const before = firsts(given, [], blocks.slice(0, 1_000));
        const after = firsts(given, [name], blocks.slice(0, 1_000));
        for (const [i, one] of before.entries()) if (one !== name) expect(after[i]).toBe(one);
        const moved = after.filter((_, i) => before[i] === name);
        if (moved.length < 200) return;
        const [a = "", b = ""] = ["fra", "man", "kar"].filter((one) => one !== name);
        const part = moved.filter((one) => one === a).length / moved.length;
        expect(Math.abs(part - given[a as "fra"] / (given[a as "fra"] + given[b as "fra"]))).toBeLessThan(0.13);
      }),
      { numRuns: 25 },
    );
  });
  test("farther ones take no part, and the answer hangs on the client's block and says so", () => {
    const { items, scope } = rankRegions({
      world: { regions: twins.map((region) => ({ ...region, weight: region.name === "us" ? 1_000 : 1 })), health: new Map() },
      client: client(blocks[0]!),
    });
    expect(items.at(-1)?.name).toBe("us");
    expect([scope, items[0]!.why]).toEqual([24, expect.stringMatching(/by distance, \d+ km, by its weight 1 of 3 among those as near$/)]);
  });
});
