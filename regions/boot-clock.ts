/**
 * The wall clock at boot plus monotonic time since (law T2): a clock that is stepped while the process runs changes nothing.
 * The offset is for tests and demonstrations: a region that lives an hour ahead.
 */
import type { PhysicalClock } from "../core/stamp.ts";

export function openBootClock(offsetMs = 0): PhysicalClock {
  const bootMs = Date.now() + offsetMs - performance.now();
  return { nowMs: () => Math.floor(bootMs + performance.now()) };
}
