import { expect, test } from "vitest";
import { type CutWorld, playCut, type StatesOfRegions } from "./cut-timeline.ts";

const PEERS = { us: ["eu", "ap"], eu: ["us", "ap"], ap: ["us", "eu"] } as const;
type Name = keyof typeof PEERS;
const NAMES = Object.keys(PEERS) as Name[];

/** What sync frames said last of three regions, as a test has them say it. */
class Said {
  readonly #converged = new Map<string, string | null>(NAMES.map((name) => [name, "before"]));
  #cut: Name | undefined;
  asked = 0;

  cut(name: Name): void {
    this.#cut = name;
    for (const one of NAMES) this.#converged.set(one, null);
  }
  heal(): void {
    this.#cut = undefined;
  }
  converged(name: Name, at: string): void {
    this.#converged.set(name, at);
  }
  states(): StatesOfRegions {
    const stateOf = (name: Name, peer: Name): string => (this.#cut === name || this.#cut === peer ? "cut-off" : "live");
    return new Map(
      NAMES.map((name) => [
        name,
        {
          state: "live",
          peers: new Map(PEERS[name].map((peer) => [peer, stateOf(name, peer)])),
          convergedAt: this.#converged.get(name) ?? null,
        },
      ]),
    );
  }
}

const worldOf = (said: Said, over: Partial<CutWorld> = {}): CutWorld => ({
  cut: async () => said.cut("us"),
  heal: async () => said.heal(),
  states: () => said.states(),
  presenceExact: async () => true,
  gone: async () => [],
  ...over,
});
const CUT = { regions: ["us"], startMs: 0, lengthMs: 1 };

test("P2: converged is what every region says of itself after the heal, not what one of them says", async () => {
  const said = new Said();
  let untold: Name[] = ["ap", "eu", "us"];
  const looks: number[] = [];
  const report = await playCut(
    CUT,
    performance.now(),
    worldOf(said, {
      states: () => {
        looks.push(untold.length);
        return said.states();
      },
      presenceExact: async () => {
        // One region more has heard of it at every look.
        const [name, ...others] = untold;
        if (name !== undefined) said.converged(name, "after");
        untold = others;
        return name === undefined;
      },
    }),
  );
  expect(report.convergedMs).not.toBeNull();
  expect(looks.at(-1)).toBe(0);
});

test("a fact from before the heal does not count, however the cut went unnoticed", async () => {
  const said = new Said();
  let healed = false;
  let looks = 0;
  const report = await playCut(
    CUT,
    performance.now(),
    worldOf(said, {
      cut: async () => {},
      heal: async () => {
        healed = true;
      },
      states: () => {
        looks += healed ? 1 : 0;
        if (looks === 5) for (const name of NAMES) said.converged(name, "after");
        return said.states();
      },
    }),
  );
  expect([report.detectMs, report.linkMs !== null, report.convergedMs !== null, looks >= 5]).toEqual([null, true, true, true]);
});

test("a region that has died during its cut is not waited for until the limit: the wait ends when it is known to be gone, and names it", async () => {
  const said = new Said();
  let asked = 0;
  const report = await playCut(
    CUT,
    performance.now(),
    worldOf(said, {
      // Nobody hears of it again: the others call it cut off for ever, and what it said last stands.
      heal: async () => {},
      gone: async () => (++asked < 2 ? [] : ["us"]),
    }),
  );
  const { linkMs, streamsMs, convergedMs, gone } = report;
  expect({ linkMs, streamsMs, convergedMs, gone }).toEqual({ linkMs: null, streamsMs: null, convergedMs: null, gone: ["us"] });
  expect(report.presenceMs).not.toBeNull();
});
