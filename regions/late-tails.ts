/** What peers held of our ended epochs beyond our own is taken in when they come back, and said in the process's log. */
import type { Timers } from "../core/ports/time.ts";
import { mendLateTails } from "../reconciliation/late-tails.ts";
import type { Region } from "../reconciliation/region-ports.ts";
import type { ProcessLog } from "./process-log.ts";
import type { Foundation } from "./region-foundation.ts";

/** Returns what ends it. */
export const takeLateTails = (
  { shelf, opened }: Foundation,
  { links, lateTail: late }: Region,
  timers: Timers,
  log: ProcessLog,
): (() => void) =>
  mendLateTails({
    ...{ shelf, links, late, timers, epoch: opened.log.epoch },
    taken: (epoch, messages) =>
      log.warn({ event: "log.late-tail", epoch, messages }, "peers held more of an ended epoch than we knew; taken in"),
    failed: (error) => log.warn({ event: "log.late-tail-failed", cause: String(error) }, "peers could not be asked about ended epochs"),
  });
