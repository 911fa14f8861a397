/** `us-eu=40ms`, `eu=+1h`, `2`: settings of a region, of a pair of regions or of all, as `up` takes them. */
import { Stop } from "./answer.ts";
import { parseDuration } from "./duration.ts";

function assigned(text: string, flag: string): { readonly name: string; readonly durationMs: number } {
  const at = text.indexOf("=");
  const durationMs = at < 1 ? undefined : parseDuration(text.slice(at + 1));
  if (durationMs === undefined) throw new Stop(2, `${flag} ${text} is not understood`, "write it like us-eu=40ms or eu=+1h");
  return { name: text.slice(0, at), durationMs };
}

function known(name: string, regions: readonly string[], flag: string): string {
  if (!regions.includes(name)) throw new Stop(2, `${flag}: there is no region ${name}`, `regions: ${regions.join(", ")}`);
  return name;
}

/** A pair of regions in the order of the list, so that us-eu and eu-us are one link. */
export function pairOf(text: string, regions: readonly string[], flag: string): readonly [string, string] {
  // Names may hold hyphens themselves: the split that gives two known regions is the one that is meant.
  for (let at = text.indexOf("-"); at > 0; at = text.indexOf("-", at + 1)) {
    const [a, b] = [text.slice(0, at), text.slice(at + 1)];
    if (a !== b && regions.includes(a) && regions.includes(b)) return regions.indexOf(a) < regions.indexOf(b) ? [a, b] : [b, a];
  }
  throw new Stop(2, `${flag}: ${text} is no pair of regions`, `regions: ${regions.join(", ")}`);
}

/** One-way delays of links, by "us-eu". */
export function parseDelays(texts: readonly string[], regions: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    texts.map((text) => {
      const { name, durationMs } = assigned(text, "--delay");
      if (durationMs < 0) throw new Stop(2, `--delay ${text} would arrive before it was sent`);
      return [pairOf(name, regions, "--delay").join("-"), durationMs];
    }),
  );
}

/** How wrong the clocks of some regions are, by region. */
export function parseClockOffsets(texts: readonly string[], regions: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    texts.map((text) => {
      const { name, durationMs } = assigned(text, "--clock-offset");
      return [known(name, regions, "--clock-offset"), durationMs];
    }),
  );
}

const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;

/** The regions of a mesh: `us,eu,ap`. */
export function parseRegions(text: string): readonly string[] {
  const regions = text.split(",").map((name) => name.trim());
  const wrong = regions.find((name) => !NAME.test(name));
  if (wrong !== undefined) throw new Stop(2, `--regions: "${wrong}" is no name for a region`, "small letters, digits, hyphens; at most 32");
  if (new Set(regions).size !== regions.length) throw new Stop(2, "--regions names a region twice");
  if (regions.length > 12) throw new Stop(2, "--regions: a local mesh has at most 12 regions");
  return regions;
}

/** The first port of a mesh; regions and GeoDNS listen above it. */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 1 && port + 53 <= 65_535)) throw new Stop(2, `--port ${text} is no port`, "1 to 65482, as GeoDNS listens on port + 53");
  return port;
}

/** How many of something, from 0. */
export function parseCount(flag: string, text: string, most: number): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count <= most)) throw new Stop(2, `${flag} ${text} is not understood`, `a number from 0 to ${most}`);
  return count;
}
