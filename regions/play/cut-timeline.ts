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
  /** Regions that had died when the wait for them ended: what is missing above has not been waited for to its end. */
  readonly gone: readonly string[];
}

export interface CutWorld {
  readonly cut: (regions: readonly string[], lengthMs: number) => Promise<unknown>;
  readonly heal: (regions: readonly string[]) => Promise<unknown>;
  readonly states: () => StatesOfRegions;
  readonly presenceExact: () => Promise<boolean>;
  /** Asks every region; who has been silent for long. */
  readonly gone: () => Promise<readonly string[]>;
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
/** Between two looks at who is still there. */
const ROLL_MS = 1_000;

type Condition = () => boolean | Promise<boolean>;

/** How long it took until it held; null when it has not within the limit, or when `isVain` says that it will not. */
async function since(startedMs: number, condition: Condition, everyMs = LOOK_MS, isVain = () => false): Promise<number | null> {
  while (performance.now() - startedMs < LIMIT_MS) {
    if (await condition()) return Math.round(performance.now() - startedMs);
    if (isVain()) return null;
    await pause(everyMs);
  }
  return null;
}

/** Looks at who is there until somebody is not any more, or nobody wants to know. */
function watchForGone(world: CutWorld): { readonly gone: () => readonly string[]; end(): void } {
  let found: readonly string[] = [];
  let isOver = false;
  const look = async (): Promise<void> => {
    while (!isOver && found.length === 0) {
      const gone = await world.gone();
      if (!isOver) found = gone;
      await pause(ROLL_MS);
    }
  };
  void look();
  return {
    gone: () => found,
    end: () => {
      isOver = true;
    },
  };
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
  const watch = watchForGone(world);
  const afterHeal = (condition: Condition, everyMs = LOOK_MS) => since(healMs, condition, everyMs, () => watch.gone().length > 0);
  const links = (hold: (states: readonly string[]) => boolean) =>
    afterHeal(() => [...world.states().values()].every(({ peers: states }) => hold([...states.values()])));
  const linkMs = await links((states) => !states.includes("cut-off"));
  const parts = Promise.all([
    links((states) => states.every((state) => state === "live" || state === "lagging")),
    afterHeal(world.presenceExact, ASK_MS),
    afterHeal(() => [...world.states()].every(([name, { convergedAt }]) => convergedAt !== null && convergedAt !== known.get(name))),
  ]);
  const [streamsMs, presenceMs, convergedMs] = await parts.finally(watch.end);
  return { regions, detectMs, linkMs, streamsMs, presenceMs, convergedMs, gone: watch.gone() };
}
