import { expect, test, vi } from "vitest";
import { type Gate, openLinks, type Pair, pairsOf } from "./links.ts";

const REGIONS = ["us", "eu", "ap"];

test("a region is cut from all others, or from one; without names all pairs are meant", () => {
  expect(pairsOf(["eu"], REGIONS)).toEqual([
    ["us", "eu"],
    ["eu", "ap"],
  ]);
  expect(pairsOf(["ap", "us"], REGIONS)).toEqual([["us", "ap"]]);
  expect(pairsOf([], REGIONS)).toHaveLength(3);
});

/** Links whose gates do what they are told after the `stubborn` first echoes. */
function mesh({ stubborn = 0, dead = [] as readonly string[] } = {}) {
  const cut = new Set<string>();
  let present: readonly string[] = REGIONS;
  let echoes = 0;
  const gate = (region: string): Gate | undefined =>
    present.includes(region)
      ? {
          cut: (peer) => void cut.add(`${region}<${peer}`),
          heal: (peer) => void cut.delete(`${region}<${peer}`),
          bytes: () => 0,
        }
      : undefined;
  const links = openLinks({
    get regions() {
      return present;
    },
    gate,
    alive: (region) => !dead.includes(region),
    echo: async (from, to) => {
      echoes += 1;
      const open = !dead.includes(from) && !dead.includes(to) && !cut.has(`${to}<${from}`) && !cut.has(`${from}<${to}`);
      return echoes <= stubborn ? !open : open;
    },
  });
  return {
    links,
    cut,
    /** Its gate goes with it. */
    leaves: (region: string): void => {
      present = present.filter((one) => one !== region);
      for (const one of [...cut]) if (one.startsWith(`${region}<`)) cut.delete(one);
    },
    comes: (region: string): void => {
      present = [...present, region];
      links.joined(region);
    },
  };
}

test("H10: a pair is two one-way connections, and both are cut", async () => {
  const { links, cut } = mesh();
  expect(await links.cut([["us", "eu"]])).toBe(true);
  expect([...cut].sort()).toEqual(["eu<us", "us<eu"]);
  expect(links.down).toEqual([["us", "eu"]]);
});

test("a cut is only told when an echo fails, a heal when it answers", async () => {
  const { links } = mesh({ stubborn: 4 });
  expect(await links.cut([["us", "eu"]])).toBe(true);
  expect(await links.heal([["us", "eu"]])).toBe(true);
  expect(links.down).toEqual([]);
});

test("the links of a region that was killed are healed without its answer", async () => {
  const { links } = mesh({ dead: ["ap"] });
  expect(await links.heal(pairsOf([], REGIONS))).toBe(true);
  expect(await links.up(1_000)).toBe(true);
});

test("a region that is removed while a link to it is cut comes back to a cut link, and a heal opens both ways of it", async () => {
  const { links, cut, leaves, comes } = mesh();
  await links.cut([["eu", "ap"]]);
  leaves("ap");
  expect(links.down).toEqual([]);
  comes("ap");
  expect(links.down).toEqual([["eu", "ap"]]);
  expect([...cut].sort()).toEqual(["ap<eu", "eu<ap"]);
  expect(await links.heal(links.cuts)).toBe(true);
  expect([...cut]).toEqual([]);
});

test("a cut with an end is healed by itself, unless somebody has said otherwise meanwhile", async () => {
  vi.useFakeTimers();
  try {
    const { links, cut } = mesh();
    const [usEu, usAp, euAp] = pairsOf([], REGIONS) as [Pair, Pair, Pair];
    void links.cut([usEu, usAp, euAp], 1_000);
    void links.cut([usAp]); // for good
    void links.heal([euAp]);
    void links.cut([euAp], 5_000);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([links.down, cut.size]).toEqual([[usAp, euAp], 4]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([links.down, [...cut].sort()]).toEqual([[usAp], ["ap<us", "us<ap"]]);
  } finally {
    vi.useRealTimers();
  }
});

test("what is healed while a region is away is whole when it comes back", async () => {
  const { links, cut, leaves, comes } = mesh();
  await links.cut([["eu", "ap"]]);
  leaves("ap");
  expect(await links.heal(links.cuts)).toBe(true);
  comes("ap");
  expect([...cut]).toEqual([]);
  expect(links.down).toEqual([]);
});
