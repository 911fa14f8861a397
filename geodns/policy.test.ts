import { describe, expect, test } from "vitest";
import { Refusal } from "../core/errors.ts";
import { type Look, seen, type Watched } from "./health.ts";
import { rankRegions, TTL_REST, TTL_UNSETTLED } from "./policy.ts";
import { openRanking, readAddress } from "./ranking.ts";
import type { GeoRegion, HealthView, RegionHealth } from "./region.ts";

const regions: readonly GeoRegion[] = ["us", "eu", "ap"].map((name) => ({ name, url: `https://${name}.example` }));
const well: RegionHealth = { state: "up", why: "ready", settled: true };
const health = (ill: { readonly [region: string]: RegionHealth["state"] } = {}): HealthView =>
  new Map(regions.map(({ name }) => [name, ill[name] ? { state: ill[name], why: `${name} is ${ill[name]}`, settled: true } : well]));
const rank = (view: HealthView, of = regions) => rankRegions({ client: { ip: "192.0.2.9" }, regions: of, health: view });
const names = (view: HealthView, of = regions) => rank(view, of).items.map(({ name }) => name);

describe("the policy", () => {
  test("offers the regions in the configured order while all are well; that hangs on no bit of the address", () => {
    expect(rank(health())).toMatchObject({ items: [{ name: "us", state: "up" }, { name: "eu" }, { name: "ap" }], scope: 0, ttl: TTL_REST });
  });
  test.each(["down", "unready", "draining", "clock"] as const)("puts a region that is %s behind the others and says why", (state) => {
    const { items, ttl } = rank(health({ us: state }));
    expect(items.map(({ name }) => name)).toEqual(["eu", "ap", "us"]);
    expect(items[2]).toMatchObject({ state, why: `us is ${state}` });
    expect(ttl).toBe(TTL_UNSETTLED);
  });
  test("puts a drained region last, however well it is", () => {
    expect(names(health(), [{ ...regions[0]!, drained: true }, ...regions.slice(1)])).toEqual(["eu", "ap", "us"]);
  });
  test("always answers: with all regions down, as if all were up", () => {
    const { items } = rank(health({ us: "down", eu: "clock", ap: "draining" }));
    expect(items.map(({ name, state }) => `${name} ${state}`)).toEqual(["us down", "eu clock", "ap draining"]);
    expect(items[0]!.why).toContain("so all are offered");
  });
  test("a region that was not yet looked at counts as up, but not for long", () => {
    expect([names(new Map()), rank(new Map()).ttl]).toEqual([["us", "eu", "ap"], TTL_UNSETTLED]);
  });
  test("a third region that is ill does not shorten the answer: it is not the next to be tried", () => {
    expect(rank(health({ ap: "down" })).ttl).toBe(TTL_REST);
  });
});

describe("the ranking over HTTP", () => {
  const ranking = openRanking({ regions, health: () => health({ us: "down" }) });
  test("gives the same order with every field, with or without an address", () => {
    expect(ranking.rank("198.51.100.7")).toEqual(rank(health({ us: "down" })));
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

describe("health", () => {
  const down: Look = { found: "down", why: "no answer" };
  const ready: Look = { found: "ready" };
  const looked = (...looks: readonly Look[]) => looks.reduce<Watched | undefined>(seen, undefined)!;

  test("one or two looks may err; three in a row do not", () => {
    expect(looked(ready, down, down)).toMatchObject({ state: "up", settled: false });
    expect(looked(ready, down, down, ready, down, down)).toMatchObject({ state: "up" });
    expect(looked(ready, down, down, down)).toMatchObject({ state: "down", why: "no answer", settled: true });
  });
  test("it is up again after three good looks in a row", () => {
    const dead = [ready, down, down, down] as const;
    expect(looked(...dead, ready, ready)).toMatchObject({ state: "down", settled: false });
    expect(looked(...dead, ready, ready, down, ready, ready)).toMatchObject({ state: "down" });
    expect(looked(...dead, ready, ready, ready)).toMatchObject({ state: "up", settled: true });
  });
  test("what a region says of itself is believed at once (T2: a red clock is not offered)", () => {
    expect(looked(ready, { found: "clock", why: "900 ms ahead" })).toMatchObject({ state: "clock", why: "900 ms ahead" });
    expect(looked(ready, { found: "draining", why: "going" }, down)).toMatchObject({ state: "down" });
  });
  test("the first look of all decides, when it is good", () => {
    expect([looked(ready).state, looked(down).state]).toEqual(["up", "up"]);
  });
});
