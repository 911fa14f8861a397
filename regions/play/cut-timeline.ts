/** One cut of a play: made and mended on time, and how long each part of the promised timeline took (T0-T4 of the register). */
import { setTimeout as pause } from "node:timers/promises";
import type { PlannedCut } from "./plan.ts";

export interface CutReport {
  readonly regions: readonly string[];
  /** From the proved cut until a client was told on both sides. */
  readonly detectMs: number | null;
  /** From the heal until nobody says cut-off. */
  readonly linkMs: number | null;
  /** From the heal until every region is live again: all streams have been read to the heads of the link-up. */
  readonly streamsMs: number | null;
  /** From the heal until everybody who reads along is online in every region. */
  readonly presenceMs: number | null;
  /** From the heal until the regions have compared their digests and found them equal. */
  readonly convergedMs: number | null;
}

export interface CutWorld {
  readonly cut: (regions: readonly string[], lengthMs: number) => Promise<unknown>;
  readonly heal: (regions: readonly string[]) => Promise<unknown>;
  readonly states: () => StatesOfRegions;
  readonly presenceExact: () => Promise<boolean>;
}

/** What each region said last of itself, in the sync frames that everybody who reads along is sent: nobody is asked, as asking is a load of its own. */
export type StatesOfRegions = ReadonlyMap<
  string,
  {
    readonly state: string;
    readonly peers: ReadonlyMap<string, string>;
    /** When the digests of all regions were compared and found equal; null while nobody knows. */
    readonly convergedAt: string | null;
  }
>;

const LIMIT_MS = 120_000;
const LOOK_MS = 50;
/** Between two questions to every region. */
const ASK_MS = 250;

async function since(startedMs: number, condition: () => boolean | Promise<boolean>, everyMs = LOOK_MS): Promise<number | null> {
  while (performance.now() - startedMs < LIMIT_MS) {
    if (await condition()) return Math.round(performance.now() - startedMs);
    await pause(everyMs);
  }
  return null;
}

export async function playCut({ regions, startMs, lengthMs }: PlannedCut, beganMs: number, world: CutWorld): Promise<CutReport> {
  await pause(Math.max(0, beganMs + startMs - performance.now()));
  const [cut = "", other] = regions;
  const peers = (name: string): readonly string[] =>
    name === cut ? (other === undefined ? [...world.states().keys()].filter((one) => one !== cut) : [other]) : [cut];
  const all = [...world.states().keys()].filter((name) => name === cut || other === undefined || name === other);
  const saysCut = (name: string): boolean => peers(name).some((peer) => world.states().get(name)?.peers.get(peer) === "cut-off");
  await world.cut(regions, lengthMs);
  const cutMs = performance.now();
  const detected = since(cutMs, () => all.every(saysCut));
  const detectMs = await Promise.race([detected, pause(lengthMs).then(() => null)]);
  await pause(Math.max(0, cutMs + lengthMs - performance.now()));
  const known = new Map([...world.states()].map(([name, { convergedAt }]) => [name, convergedAt]));
  await world.heal(regions);
  const healMs = performance.now();
  const linkMs = await since(healMs, () =>
    [...world.states().values()].every(({ peers: links }) => ![...links.values()].includes("cut-off")),
  );
  const streamsMs = since(healMs, () =>
    [...world.states().values()].every(({ peers: links }) => [...links.values()].every((state) => state === "live" || state === "lagging")),
  );
  const presenceMs = since(healMs, world.presenceExact, ASK_MS);
  const convergedMs = since(healMs, () =>
    [...world.states()].every(([name, { convergedAt }]) => convergedAt !== null && convergedAt !== known.get(name)),
  );
  return { regions, detectMs, linkMs, streamsMs: await streamsMs, presenceMs: await presenceMs, convergedMs: await convergedMs };
}
