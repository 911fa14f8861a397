/**
 * Follows the file that holds the one list of regions, so that a region is added or retired without anybody being restarted. A list that cannot
 * be right is not followed: the one that was read last stays in force, and what is wrong is said. The file is read again rather than watched:
 * mounted configuration is often replaced by a symbolic link, of which notifications say nothing.
 */
import { readFileSync } from "node:fs";
import type { Timers } from "../core/ports/time.ts";
import { parseTopology, type Topology, TopologyFault } from "./topology.ts";
import { vanished } from "./topology-change.ts";

export interface TopologyWatchOptions {
  /** As ATOLL_TOPOLOGY: a file's path; the JSON itself never changes. */
  readonly given: string;
  readonly first: Topology;
  readonly timers: Timers;
  readonly changed: (now: Topology, before: Topology) => void;
  /** The file holds what cannot be followed; said once for each content. */
  readonly refused: (problems: readonly string[]) => void;
}
export interface TopologyWatch {
  current(): Topology;
  /** Why the file as it is now is not followed. */
  fault(): string | undefined;
  stop(): void;
}

const LOOK_MS = 1_000;

export function watchTopology({ given, first, timers, changed, refused }: TopologyWatchOptions): TopologyWatch {
  let current = first;
  let seen = JSON.stringify(first);
  let last: string | undefined;
  let fault: string | undefined;

  const take = (text: string): void => {
    const now = parseTopology(text);
    const problems = vanished(current.regions, now);
    if (problems.length > 0) throw new TopologyFault(problems);
    fault = undefined;
    const canonical = JSON.stringify(now);
    if (canonical === seen) return;
    seen = canonical;
    const before = current;
    current = now;
    changed(now, before);
  };
  const look = (): void => {
    let text: string;
    try {
      text = readFileSync(given, "utf8");
    } catch {
      return; // it is being replaced; the next look finds it
    }
    if (text === last) return;
    last = text;
    try {
      take(text);
    } catch (error) {
      if (!(error instanceof TopologyFault)) throw error;
      fault = error.message;
      refused(error.problems);
    }
  };
  const timer = given.trimStart().startsWith("{") ? undefined : timers.every(LOOK_MS, look);
  return { current: () => current, fault: () => fault, stop: () => timer?.cancel() };
}
