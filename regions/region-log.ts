/** What a region's process says: JSON lines, each with an event name that dashboards and alerts may lean on. No user, channel or message id, no text. */
import { type Logger, pino } from "pino";
import type { Config } from "./config.ts";
import { openLogLines } from "./log-lines.ts";

export type RegionLog = Logger;

export function openRegionLog(config: Config): RegionLog {
  return pino(
    {
      level: config.ATOLL_LOG_LEVEL,
      base: { region: config.ATOLL_REGION },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    openLogLines(),
  );
}
