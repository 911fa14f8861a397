/**
 * How a process that answers is told the world by the one that watches it: only the parts that changed, so that a region's death does not bring
 * ten thousand measured blocks with it. The policy's tables are closures and do not travel; what they are made of does.
 */
import { type MeasuredRow, measuredOf } from "./measured.ts";
import { type Override, openOverrides } from "./overrides.ts";
import type { GeoRegion, HealthView } from "./region.ts";
import type { World } from "./steering.ts";

export interface WorldParts {
  readonly regions?: readonly GeoRegion[];
  /** Of all regions: they are few. */
  readonly health?: HealthView;
  readonly overrides?: readonly Override[];
  /** As JSON: of ten thousand blocks that is made once for all who are told, and read seven times as fast as a structured clone. */
  readonly measured?: string;
}

/** Of the table that was told last; it is told to several. */
const written = new WeakMap<object, string>();
function writtenRows(table: NonNullable<World["measured"]>): string {
  const known = written.get(table);
  if (known !== undefined) return known;
  const rows: readonly MeasuredRow[] = [...table.rows.values()].map(({ key, averages, wins }) => [
    key,
    [...averages].map(([region, { ms, samples }]) => [region, ms, samples]),
    [...wins],
  ]);
  const text = JSON.stringify(rows);
  written.set(table, text);
  return text;
}

/** All of a world that is not the same object as in the one that was told before. */
export const partsSince = (before: World | undefined, now: World): WorldParts => ({
  ...(now.regions === before?.regions ? {} : { regions: now.regions }),
  ...(now.health === before?.health ? {} : { health: now.health }),
  ...(now.overrides === before?.overrides ? {} : { overrides: now.overrides?.all ?? [] }),
  ...(now.measured === before?.measured || now.measured === undefined ? {} : { measured: writtenRows(now.measured) }),
});

/** The world after these parts of it. */
export const withParts = (before: World, { regions, health, overrides, measured }: WorldParts): World => ({
  ...before,
  ...(regions === undefined ? {} : { regions }),
  ...(health === undefined ? {} : { health }),
  ...(overrides === undefined ? {} : { overrides: openOverrides(overrides) }),
  ...(measured === undefined ? {} : { measured: measuredOf(JSON.parse(measured) as readonly MeasuredRow[]) }),
});
