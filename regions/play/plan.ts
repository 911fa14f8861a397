/** What a play does and when: `--cut us@3s+5s`, `--cut us-eu@10s+1m`, and which messages are changed afterwards. Pure. */
import { Stop } from "../cli/answer.ts";
import { parseDuration } from "../cli/duration.ts";

export interface PlannedCut {
  readonly regions: readonly string[];
  readonly startMs: number;
  readonly lengthMs: number;
}

const CUT = /^([A-Za-z0-9_]+)(?:-([A-Za-z0-9_]+))?@([^+]+)\+(.+)$/;

export function parseCut(text: string, names: readonly string[]): PlannedCut {
  const found = CUT.exec(text);
  const startMs = found?.[3] === undefined ? undefined : parseDuration(found[3]);
  const lengthMs = found?.[4] === undefined ? undefined : parseDuration(found[4]);
  if (!found || startMs === undefined || lengthMs === undefined)
    throw new Stop(2, `--cut ${text} is not REGION[-REGION]@START+LENGTH`, "for example --cut us@3s+5s");
  const regions = [found[1], found[2]].filter((name): name is string => name !== undefined);
  for (const name of regions)
    if (!names.includes(name)) throw new Stop(2, `--cut ${text}: there is no region ${name}`, `regions: ${names.join(", ")}`);
  return { regions, startMs, lengthMs };
}

/** What happens to a message afterwards. */
export type Change = "edit" | "delete" | "react";
const CHANGES: readonly Change[] = ["edit", "edit", "edit", "react", "react", "delete"];

/** Every 1/share-th message is changed, so the same recording is always changed alike. */
export function changeOf(nth: number, share: number): Change | undefined {
  if (share <= 0 || Math.floor((nth + 1) * share) === Math.floor(nth * share)) return undefined;
  return CHANGES[Math.floor(nth * share) % CHANGES.length];
}
