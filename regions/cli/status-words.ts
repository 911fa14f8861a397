/** The state of the mesh in words: one line a region, one a link. */
import pc from "picocolors";
import type { PeerSync, Sync } from "../../core/objects.ts";
import { formatDuration } from "./duration.ts";

/** GET /v1/sync. */
export interface SyncAnswer extends Sync {
  readonly connections: number;
  readonly clockSkewMs: number;
  readonly quarantined: number;
  /** Stores out of reach or behind. */
  readonly degraded: readonly string[];
}
export type RegionStatus = Omit<SyncAnswer, "state" | "connections" | "clockSkewMs" | "quarantined"> & {
  readonly url: string;
  readonly state: Sync["state"] | "unreachable";
  readonly connections: number | null;
  readonly clockSkewMs: number | null;
  readonly quarantined: number | null;
  readonly why?: string;
};

const COLOURS = { live: pc.green, lagging: pc.yellow, healing: pc.yellow, "cut-off": pc.red, unreachable: pc.red } as const;
const painted = (state: RegionStatus["state"], width: number): string => COLOURS[state](state.padEnd(width));

const SKEWED_MS = 500;

function peerLine(peer: PeerSync, atMs: number): string {
  const since = formatDuration(Math.max(0, atMs - Date.parse(peer.since)));
  const progress = peer.done === undefined || peer.total === undefined ? "" : `  ${peer.done} of ${peer.total}`;
  const lag = peer.lagEvents > 0 || peer.lagMs > 0 ? `  ${peer.lagEvents} events, ${formatDuration(peer.lagMs)} behind` : "";
  return `    → ${peer.region.padEnd(8)} ${painted(peer.state, 9)} for ${since}${lag}${progress}`;
}

function regionLines(status: RegionStatus): readonly string[] {
  const { region, url, state, why, at, peers, converged, connections, clockSkewMs, quarantined, degraded } = status;
  const head = `${pc.bold(region.padEnd(8))} ${painted(state, 11)} ${url}`;
  if (state === "unreachable") return [`${head}  ${why ?? ""}`];
  const skew =
    clockSkewMs === null ? "" : `  clock ${Math.abs(clockSkewMs) > SKEWED_MS ? pc.red(`${formatDuration(clockSkewMs)} off`) : "right"}`;
  const same = converged === null ? "" : `  converged ${converged.digest.slice(0, 12)}`;
  const aside = quarantined ? `  ${pc.yellow(`quarantines ${quarantined}`)}` : "";
  const without = degraded.length > 0 ? `  ${pc.yellow(`degraded: ${degraded.join(", ")}`)}` : "";
  return [
    `${head}  ${connections ?? 0} connections${skew}${aside}${without}${same}`,
    ...peers.map((peer) => peerLine(peer, Date.parse(at))),
  ];
}

export const readable = (regions: readonly RegionStatus[]): string => regions.flatMap(regionLines).join("\n");
