/** What everything leans on in one life of a region's process. */
import { randomUUID } from "node:crypto";
import type { Timers } from "../core/ports/time.ts";
import type { PhysicalClock } from "../core/stamp.ts";
import { type Metrics, openMetrics } from "../gateway/metrics.ts";
import { openBootClock } from "./boot-clock.ts";
import type { Config } from "./config.ts";
import type { ProcessLog } from "./process-log.ts";
import { openRealTimers } from "./real-timers.ts";
import type { Topology } from "./topology.ts";
import { version } from "./version.ts";

export interface RegionLife {
  readonly config: Config;
  readonly region: string;
  /** The list of regions as it was read at the start. */
  readonly topology: Topology;
  readonly clock: PhysicalClock;
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly log: ProcessLog;
  /** This life, unlike every other. */
  readonly boot: string;
}

export function beginLife(config: Config, topology: Topology, log: ProcessLog): RegionLife {
  const region = config.ATOLL_REGION;
  return {
    ...{ config, region, topology, log },
    clock: openBootClock(config.ATOLL_CLOCK_OFFSET_MS),
    timers: openRealTimers(),
    metrics: openMetrics({ region, version: version() }),
    boot: randomUUID(),
  };
}
