/**
 * Cutting and healing links between regions. A pair is *two* one-way connections, each behind the proxy of the region it arrives in: both are
 * cut. Nobody has to believe it: a link is down when forwarded bytes stand still and an echo fails, up when an echo answers both ways.
 */
import { setTimeout as pause } from "node:timers/promises";

export type Pair = readonly [string, string];

/** What of a region's proxy matters here. */
export interface Gate {
  cut(peer: string): void;
  heal(peer: string): void;
  /** Bytes forwarded from and to this peer so far. */
  bytes(peer: string): number;
}
export interface LinksOptions {
  /** As they are at the moment. */
  readonly regions: readonly string[];
  /** Undefined while the region is not there. */
  readonly gate: (region: string) => Gate | undefined;
  /** Whether an echo from `to` reaches `from`. */
  readonly echo: (from: string, to: string, timeoutMs: number) => Promise<boolean>;
  /** A region that was killed or removed answers nobody: its links cannot be proved up. */
  readonly alive: (region: string) => boolean;
}
export interface Links {
  /** `forMs`: then they are healed by themselves, unless somebody has healed or cut them meanwhile. */
  cut(pairs: readonly Pair[], forMs?: number): Promise<boolean>;
  heal(pairs: readonly Pair[]): Promise<boolean>;
  /** Every pair of living regions that is not cut answers. */
  up(withinMs: number): Promise<boolean>;
  /** A region has come, with a gate that knows of nothing: what was cut before it was removed is cut still. */
  joined(region: string): void;
  /** All pairs that are cut, those of removed regions among them: a cable does not mend because who stood behind it has left. */
  readonly cuts: readonly Pair[];
  /** Those of them whose regions are both there. */
  readonly down: readonly Pair[];
}

const STILL_MS = 250;
const ECHO_MS = 400;
const PROOF_MS = 30_000;

/** A from all others; A from B; without names all pairs. */
export function pairsOf(named: readonly string[], regions: readonly string[]): readonly Pair[] {
  const pairs: Pair[] = [];
  for (const [i, a] of regions.entries()) for (const b of regions.slice(i + 1)) pairs.push([a, b]);
  return pairs.filter((pair) => named.every((name) => pair.includes(name)));
}

export function openLinks(options: LinksOptions): Links {
  const { gate, echo, alive } = options;
  const cutNow = new Map<string, Pair>();
  /** Of cuts with an end. */
  const ends = new Map<string, NodeJS.Timeout>();
  const key = (pair: Pair): string => [...pair].sort().join("|");
  const forwarded = ([a, b]: Pair): number => (gate(a)?.bytes(b) ?? 0) + (gate(b)?.bytes(a) ?? 0);

  /** Asks again and again until `holds`, at most so long. */
  const proved = async (pairs: readonly Pair[], holds: (pair: Pair) => Promise<boolean>, withinMs: number): Promise<boolean> => {
    const deadline = performance.now() + withinMs;
    const one = async (pair: Pair): Promise<boolean> => {
      while (!(await holds(pair))) {
        if (performance.now() > deadline) return false;
        await pause(50);
      }
      return true;
    };
    return (await Promise.all(pairs.map(one))).every(Boolean);
  };
  const isDown = async (pair: Pair): Promise<boolean> => {
    const before = forwarded(pair);
    const [there, back] = await Promise.all([echo(pair[0], pair[1], ECHO_MS), echo(pair[1], pair[0], ECHO_MS), pause(STILL_MS)]);
    return !there && !back && forwarded(pair) === before;
  };
  const isUp = async ([a, b]: Pair): Promise<boolean> => {
    if (!alive(a) || !alive(b)) return true;
    const [there, back] = await Promise.all([echo(a, b, ECHO_MS), echo(b, a, ECHO_MS)]);
    return there && back;
  };

  const open = ([a, b]: Pair): void => {
    gate(a)?.heal(b);
    gate(b)?.heal(a);
    cutNow.delete(key([a, b]));
    clearTimeout(ends.get(key([a, b])));
  };

  return {
    cut: (pairs, forMs) => {
      for (const pair of pairs) {
        const [a, b] = pair;
        gate(a)?.cut(b);
        gate(b)?.cut(a);
        cutNow.set(key(pair), pair);
        clearTimeout(ends.get(key(pair)));
        if (forMs !== undefined) ends.set(key(pair), setTimeout(() => open(pair), forMs).unref());
      }
      return proved(pairs, isDown, PROOF_MS);
    },
    heal: (pairs) => {
      for (const pair of pairs) open(pair);
      return proved(pairs, isUp, PROOF_MS);
    },
    up: (withinMs) =>
      proved(
        pairsOf([], options.regions).filter((pair) => !cutNow.has(key(pair))),
        isUp,
        withinMs,
      ),
    joined: (region) => {
      for (const [a, b] of cutNow.values()) if (region === a || region === b) gate(region)?.cut(region === a ? b : a);
    },
    get cuts() {
      return [...cutNow.values()];
    },
    get down() {
      return [...cutNow.values()].filter((pair) => pair.every((region) => options.regions.includes(region)));
    },
  };
}
