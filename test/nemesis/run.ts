/** A real mesh under a nemesis: people write and wander, processes die and stand still, links go and come; then quiet, and every law is asked for. */
import { setTimeout as pause } from "node:timers/promises";
import { type MeshUnderTest, until } from "../e2e/atoll.ts";
import { openTraffic } from "../e2e/traffic.ts";
import { randomOf } from "../simulation/random.ts";
import { FAULTS, type FaultName } from "./faults.ts";
import { judged, type Verdict } from "./judged.ts";
import { type Planned, scheduleOf } from "./schedule.ts";
import { Traveller } from "./traveller.ts";
import { Wanderer } from "./wanderer.ts";

export interface Ordeal {
  readonly mesh: MeshUnderTest;
  readonly seed: number;
  /** Of `atoll up`. */
  readonly options?: readonly string[];
  /** For how long faults go on. */
  readonly seconds: number;
  /** Regions that have lost their store on this mesh, as they do: what their audit logs held then is gone, and peers say so for ever (A1). */
  readonly forgetful?: Set<string>;
  /** A line for whoever watches. */
  readonly tell: (line: string) => void;
}

/** The whole mesh begins anew: it waits for what goes on, and what would begin meanwhile is left out. */
const ALONE: FaultName = "upAgain";
const WRITERS = 12;
const WANDERERS = 2;
const TRAVELLERS = 3;
/** Of all writers together, a second. */
const RATE = 40;

/** Resolves with what was found; an empty list of broken laws is what is asked for. */
export async function undergo({ mesh, seed, seconds, tell, options = [], forgetful = new Set() }: Ordeal): Promise<Verdict> {
  const random = randomOf(seed);
  const people = (name: string, length: number) => Promise.all(Array.from({ length }, (_, i) => mesh.person(`${name}-${seed}-${i}`)));
  const [wandering, travelling] = await Promise.all([people("wanderer", WANDERERS), people("traveller", TRAVELLERS)]);
  const readers = [...wandering, ...travelling];
  const traffic = await openTraffic({ mesh, seed, name: `ordeal-${seed}`, writers: WRITERS, rate: RATE, wild: true, readers });
  const { channel } = traffic;
  const [wanderers, travellers] = [
    wandering.map(({ user, token }, i) => new Wanderer({ mesh, user, token, channel, random: random.fork(100 + i) })),
    travelling.map(({ user, token }, i) => new Traveller({ mesh, user, token, channel, random: random.fork(200 + i), isMortal: i === 0 })),
  ];
  await until("everybody reads along", () => [...wanderers, ...travellers].every(({ isReady }) => isReady));
  for (const traveller of travellers) traveller.setOut();
  const before = new Set(traffic.commands());

  const began = performance.now();
  const said = (line: string): void => tell(`${((performance.now() - began) / 1_000).toFixed(1).padStart(7)} s  ${line}`);
  const running = new Set<Promise<void>>();
  let alone = false;
  const strike = async ({ fault, regions, lengthMs }: Planned, nth: number): Promise<void> => {
    if (alone) return; // nobody takes orders, and nothing is there to be struck
    alone = fault === ALONE;
    if (alone) await Promise.all(running);
    said(`${fault} ${regions.join(" ")} for ${Math.round(lengthMs)} ms`);
    if (fault === "loseStore") forgetful.add(regions[0] ?? "");
    const struck = FAULTS[fault]({ mesh, random: random.fork(1_000 + nth), regions, lengthMs, options });
    running.add(struck);
    await struck.finally(() => running.delete(struck));
    if (fault === ALONE) alone = false;
  };
  await Promise.all(
    scheduleOf(seed, mesh.regions(), seconds).map(async (planned, nth) => {
      await pause(planned.atMs);
      await strike(planned, nth);
    }),
  );
  said("quiet");
  await traffic.stop();
  for (const one of [...wanderers, ...travellers]) one.settle();
  return judged({ mesh, traffic, wanderers, travellers, before, forgetful, said });
}
