/** When a region that joins may serve. What it compares is made up here; the whole of it runs in test/e2e/regions.test.ts and test/terraform. */
import { expect, test } from "vitest";
import type { VerifyReport } from "../core/ports/boards.ts";
import type { Timers } from "../core/ports/time.ts";
import type { Region } from "../reconciliation/region-ports.ts";
import { openMemoryStore } from "./embedded/memory-store.ts";
import { openJoining } from "./joining.ts";
import { openProcessLog } from "./process-log.ts";

type Said = Readonly<Record<string, string | null | "gone">>;
/** A digest of each region, null for who is behind, "gone" for who cannot be reached. */
const reportOf = (said: Said): VerifyReport => {
  const digests = new Set(Object.values(said).filter((digest) => digest !== "gone"));
  return {
    equal: digests.size === 1 && !digests.has(null) && !Object.values(said).includes("gone"),
    asOf: {},
    digest: null,
    regions: Object.fromEntries(
      Object.entries(said).map(([name, digest]) => [
        name,
        digest === "gone"
          ? { digest: null, events: 0, why: `${name} cannot be reached` }
          : digest === null
            ? { digest, events: 0, why: `${name} is behind` }
            : { digest, events: 1 },
      ]),
    ),
    differences: [],
  };
};

interface Peer {
  readonly peer: string;
  readonly state: "live" | "cut-off";
  readonly lagEvents: number;
}
async function joining(peers: readonly Peer[], said: Said) {
  let nowMs = 0;
  let look = (): void => {};
  const timers = {
    monotonicMs: () => nowMs,
    every: (_: number, run: () => void) => {
      look = run;
      return { cancel: () => {} };
    },
  } as unknown as Timers;
  let asked = 0;
  const region = {
    links: { facts: () => peers.map((one) => ({ ...one, beatAgeMs: 10 })), sync: () => ({ region: "sa" }) },
    replica: { vector: { us: { epoch: 1, sequence: 1, place: 0 } } },
    verifier: {
      verify: async () => {
        asked += 1;
        return reportOf(said);
      },
    },
  } as unknown as Region;
  const one = openJoining({
    ...{ joining: true, region, store: openMemoryStore(), anyRetired: () => false, timers },
    log: openProcessLog("silent", { region: "sa" }),
  });
  return {
    /** Comparisons until it serves; undefined when it does not within twenty. */
    comparisons: async (): Promise<number | undefined> => {
      for (let i = 0; i < 200 && asked < 20; i += 1) {
        nowMs += 10_000;
        look();
        await new Promise((turned) => setImmediate(turned));
        if (one.ready().ok) return asked;
      }
      return undefined;
    },
  };
}
const LIVE = (peer: string): Peer => ({ peer, state: "live", lagEvents: 0 });

test.each<[string, readonly Peer[], Said, number | undefined]>([
  ["that equals all serves at the first comparison", [LIVE("us"), LIVE("eu")], { sa: "a", us: "a", eu: "a" }, 1],
  ["that equals all whom it reaches serves too", [LIVE("us"), { ...LIVE("eu"), state: "cut-off" }], { sa: "a", us: "a", eu: "gone" }, 1],
  ["whose peers are all out of reach serves without comparing", [{ ...LIVE("us"), state: "cut-off" }], { sa: "a", us: "gone" }, 0],
  [
    "that holds more than peers cut off from each other serves after three comparisons",
    [LIVE("us"), LIVE("eu")],
    { sa: "a", us: null, eu: null },
    3,
  ],
  ["that holds more than one of them, and as much as the other, too", [LIVE("us"), LIVE("eu")], { sa: "a", us: "a", eu: null }, 3],
  ["that differs from a peer does not serve", [LIVE("us"), LIVE("eu")], { sa: "a", us: "b", eu: null }, undefined],
  ["that lacks something that others have does not serve", [LIVE("us"), LIVE("eu")], { sa: null, us: "a", eu: "a" }, undefined],
  ["that could compare itself with nobody does not serve yet", [LIVE("us"), LIVE("eu")], { sa: "a", us: "gone", eu: "gone" }, undefined],
])("a region %s", async (_, peers, said, comparisons) => {
  expect(await (await joining(peers, said)).comparisons()).toBe(comparisons);
});

test("while messages of a peer are to come nothing is compared", async () => {
  expect(await (await joining([LIVE("us"), { ...LIVE("eu"), lagEvents: 3 }], { sa: "a", us: "a", eu: "a" })).comparisons()).toBeUndefined();
});
