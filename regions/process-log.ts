/** What a process of a region says: JSON lines, each with an event name that dashboards and alerts may lean on. No user, channel or message id, no text. */
import { type Logger, pino } from "pino";
import { openLogLines } from "./log-lines.ts";

export type ProcessLog = Logger;

/** `who` stands in every line: of which region, and which part of it. */
export const openProcessLog = (level: string, who: Readonly<Record<string, string>>): ProcessLog =>
  pino(
    { level, base: { ...who }, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    openLogLines(),
  );
