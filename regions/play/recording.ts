/** Recorded chat: JSON lines {channel, user, text}, gzipped or not, and where its users live. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { PLAIN_ID } from "../../core/ids.ts";
import { Stop } from "../cli/answer.ts";
import type { TopologyRegion } from "../topology.ts";

const Line = z.object({ channel: z.string().min(1), user: z.string().regex(PLAIN_ID), text: z.string() });
const UserLine = z.object({ user: z.string(), utc_offset_hours: z.number() });

export interface Recorded {
  readonly channel: string;
  readonly user: string;
  readonly text: string;
}

const textOf = (path: string): string => {
  try {
    const bytes = readFileSync(path);
    return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  } catch (error) {
    throw new Stop(2, `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
};

function parsed<T>(path: string, schema: z.ZodType<T>, limit: number): readonly T[] {
  const lines: T[] = [];
  for (const [i, line] of textOf(path).split("\n").entries()) {
    if (lines.length >= limit) break;
    if (line.trim() === "") continue;
    try {
      lines.push(schema.parse(JSON.parse(line)));
    } catch {
      throw new Stop(2, `${path}, line ${i + 1} is no recorded message`, 'a line is {"channel","user","text"}');
    }
  }
  return lines;
}

export function readRecording(path: string, limit: number): readonly Recorded[] {
  const lines = parsed(path, Line, limit);
  if (lines.length === 0) throw new Stop(2, `${path} holds no message`);
  return lines;
}

/** Degrees of longitude that an hour of UTC offset stands for. */
const DEGREES_AN_HOUR = 15;
const apart = (a: number, b: number): number => Math.min(Math.abs(a - b), 360 - Math.abs(a - b));

/** Each user writes in the region nearest to their UTC offset; whoever has none is spread by name. */
export function homesOf(
  users: Iterable<string>,
  file: string | undefined,
  regions: readonly Pick<TopologyRegion, "name" | "longitude">[],
): ReadonlyMap<string, string> {
  const offsets = new Map(
    file === undefined ? [] : parsed(file, UserLine, Number.POSITIVE_INFINITY).map((line) => [line.user, line.utc_offset_hours]),
  );
  const homes = new Map<string, string>();
  for (const user of users) {
    const offset = offsets.get(user);
    const spread = regions[[...user].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % regions.length];
    const near =
      offset === undefined
        ? spread
        : [...regions].sort((a, b) => apart(a.longitude, offset * DEGREES_AN_HOUR) - apart(b.longitude, offset * DEGREES_AN_HOUR))[0];
    homes.set(user, near?.name ?? "");
  }
  return homes;
}
