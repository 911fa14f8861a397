/** Clients' measurements are bounded and not trusted blindly: what one of them says moves little, what cannot be true moves nothing. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressBytes } from "./address.ts";
import type { Place } from "./client.ts";
import type { GeoRegion } from "./region.ts";
import { TripBook } from "./trip-book.ts";

const US: GeoRegion = { name: "us", url: "https://us.example", latitude: 39, longitude: -77 };
const EU: GeoRegion = { name: "eu", url: "https://eu.example", latitude: 50, longitude: 9 };
const FRANKFURT: Place = { bits: 16, country: "DE", asn: 64_500, latitude: 50.1, longitude: 8.7 };
const address = addressBytes("198.51.100.7")!;
const BLOCK = "198.51.100.0/24";

function open(most?: number) {
  let nowMs = 0;
  const book = new TripBook({ regions: () => [US, EU], nowMs: () => nowMs, ...(most === undefined ? {} : { most }) });
  return {
    book,
    passes: (ms: number): void => {
      nowMs += ms;
    },
    says: (user: string, roundTrips: Readonly<Record<string, number>>, at: { readonly ip?: string; readonly place?: Place } = {}): number =>
      book.add({ user, address: at.ip === undefined ? address : addressBytes(at.ip)!, place: at.place, roundTrips }),
    /** What observers would be told now. */
    told: (key: string, region: string) => {
      nowMs += 10_001;
      return book.rows().rows.find((row) => row.key === key && row.region === region);
    },
  };
}

describe("a report", () => {
  test("counts for the block it came from, its ASN and its country", () => {
    const { says, told } = open();
    expect(says("ana", { us: 95, eu: 12 }, { place: FRANKFURT })).toBe(2);
    for (const key of [BLOCK, "AS64500", "DE"]) expect(told(key, "eu")).toEqual({ key, region: "eu", ms: 12, samples: 1, people: 1 });
    expect(told("198.51.101.0/24", "eu")).toBeUndefined();
  });
  test("of IPv6 counts for a /48", () => {
    const { says, told } = open();
    says("ana", { eu: 12 }, { ip: "2001:db8:1:2::3" });
    expect(told("2001:db8:1::/48", "eu")).toMatchObject({ samples: 1 });
  });
  test("comes once a minute and person; another person's is taken meanwhile", () => {
    const { says, passes, told } = open();
    expect([says("ana", { eu: 10 }), says("ana", { eu: 10 }), says("eve", { eu: 10 })]).toEqual([1, 0, 1]);
    passes(59_999);
    expect(says("ana", { eu: 10 })).toBe(0);
    passes(1);
    expect(says("ana", { eu: 10 })).toBe(1);
    expect(told(BLOCK, "eu")).toMatchObject({ samples: 3, people: 2 });
  });
  test.each([
    ["a region that is none", { xx: 10 }],
    ["no time at all", { eu: 0 }],
    ["a negative time", { eu: -5 }],
    ["half a minute", { eu: 30_000 }],
    ["no number", { eu: Number.NaN }],
    ["endless", { eu: Number.POSITIVE_INFINITY }],
  ])("of %s is not taken, and costs its author no turn", (_, roundTrips) => {
    const { says } = open();
    expect(says("ana", roundTrips)).toBe(0);
    expect(says("ana", { eu: 10 })).toBe(1);
  });
  test("that is quicker than light is not taken where the client's place is known; without a place nobody can say", () => {
    const { says } = open();
    // Frankfurt to Virginia is 6,500 km: 65 ms there and back in glass, and a database errs.
    expect(says("ana", { us: 20 }, { place: FRANKFURT })).toBe(0);
    expect(says("eve", { us: 60 }, { place: FRANKFURT })).toBe(1);
    expect(says("bob", { us: 20 })).toBe(1);
  });
});

test("one that is far out moves an average by a fifth at most, however far", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 20, max: 200 }),
      fc.double({ min: 1, max: 10_000, noNaN: true }),
      fc.integer({ min: 10, max: 60 }),
      (ms, lie, honest) => {
        const { says, told } = open();
        for (let i = 0; i < honest; i += 1) says(`honest-${i}`, { eu: ms });
        says("liar", { eu: lie });
        const after = told(BLOCK, "eu")!.ms;
        expect(after).toBeLessThanOrEqual(ms * 1.2 + 0.01);
        expect(after).toBeGreaterThanOrEqual(ms * 0.9 - 0.01);
      },
    ),
    { numRuns: 200 },
  );
});

test("the average follows when a way really becomes another", () => {
  const { says, told } = open();
  for (let i = 0; i < 30; i += 1) says(`before-${i}`, { eu: 100 });
  for (let i = 0; i < 60; i += 1) says(`after-${i}`, { eu: 20 });
  expect(told(BLOCK, "eu")!.ms).toBeLessThan(21);
});

test("the book is bounded: the longest unheard is forgotten, for blocks and for people alike", () => {
  const { says, told, book } = open(10);
  for (let i = 0; i < 40; i += 1) says(`p-${i}`, { eu: 10 }, { ip: `198.51.${i}.1` });
  expect(told("198.51.39.0/24", "eu")).toBeDefined();
  expect(told("198.51.0.0/24", "eu")).toBeUndefined();
  expect(book.rows().rows).toHaveLength(10);
  // Forgotten, so their minute is over too.
  expect(says("p-0", { eu: 10 })).toBe(1);
  expect(says("p-39", { eu: 10 })).toBe(0);
});

test("observers are told anew only when something has changed, every ten seconds at most", () => {
  const { says, passes, book } = open();
  const first = book.rows();
  says("ana", { eu: 10 });
  const second = book.rows();
  expect(second.version).toBe(first.version + 1);
  says("eve", { eu: 10 });
  expect(book.rows()).toBe(second);
  passes(10_000);
  expect(book.rows().version).toBe(second.version + 1);
  passes(10_000);
  expect(book.rows().version).toBe(second.version + 1);
});
