/**
 * How the benchmarks measure: every figure stands beside a floor that is measured in the same run, the two in turns, so that a busy machine
 * slows both; what counts is the ratio of the medians. Absolute figures of shared cores say little, so load and versions are always told.
 */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";

export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly ours: readonly number[];
  /** The same work without us. */
  readonly floor: readonly number[];
  readonly target: string;
  readonly holds: (ours: number, floor: number) => boolean;
  /** What is compared with the target; the ratio when absent. */
  readonly compared?: (ours: number, floor: number) => string;
}

const { values, positionals } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, size: { type: "string" }, brief: { type: "boolean", default: false } },
  allowPositionals: true,
});
export const ROUNDS = Math.max(1, Number(values.rounds));
/** A short run: smaller sizes, the same rounds. */
export const BRIEF = values.brief;
export const WORDS = positionals;
/** `--size` when given, else one of these. */
export const sizeOf = (whole: number, brief: number): number => Number(values.size ?? (BRIEF ? brief : whole));

export const percentile = (some: readonly number[], share: number): number => {
  const sorted = [...some].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};
export const median = (some: readonly number[]): number => percentile(some, 0.5);
export const shown = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
export const ratioOf = (ours: number, floor: number): string => `${shown(ours / floor)}x`;

/** Runs ours and the floor in turns, each first as often as second. */
export async function inTurns<T, F = T>(
  ours: () => Promise<T>,
  floor: () => Promise<F>,
): Promise<{ readonly ours: readonly T[]; readonly floor: readonly F[] }> {
  const came: { readonly ours: T[]; readonly floor: F[] } = { ours: [], floor: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round % 2 === 0) came.floor.push(await floor());
    came.ours.push(await ours());
    if (round % 2 === 1) came.floor.push(await floor());
  }
  return came;
}

export function head(title: string, versions: Readonly<Record<string, string>> = {}): void {
  const known = { node: process.version, ...versions };
  const load = loadavg().map((one) => one.toFixed(1));
  console.log(`\n## ${title}`);
  console.log(
    `${cpus().length} cores, load ${load.join(" ")}, ${Object.entries(known)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}, ${ROUNDS} rounds in turns, medians`,
  );
}

/** One line a figure, and a line that says at which load it ended. */
export function tell(figures: readonly Figure[]): void {
  console.log("| what | ours | floor | compared | target | |\n| --- | ---: | ---: | ---: | --- | --- |");
  for (const { name, unit, ours, floor, target, holds, compared = ratioOf } of figures) {
    const [a, b] = [median(ours), median(floor)];
    const verdict = holds(a, b) ? "holds" : "MISSED";
    console.log(`| ${name} | ${shown(a)} ${unit} | ${shown(b)} ${unit} | ${compared(a, b)} | ${target} | ${verdict} |`);
    console.log(`  rounds: ours ${ours.map(shown).join(" / ")}; floor ${floor.map(shown).join(" / ")}`);
  }
  console.log(`load at the end ${loadavg()[0]?.toFixed(1)}`);
}

export const msSince = (startedMs: number): number => performance.now() - startedMs;
