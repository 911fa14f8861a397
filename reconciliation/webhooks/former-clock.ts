/**
 * What a former life kept by a clock that ran ahead of the present one, in this one's time: nothing was tried in the future, and nobody waits for
 * the difference.
 */
import type { HookHealth, HookWaiting } from "../../core/ports/state-store.ts";
import { HOOK_LIMITS } from "./schedule.ts";

/** An event that was tried: as long after now as it was to be after its last try. */
export function notAhead(waiting: HookWaiting, nowMs: number): HookWaiting {
  const aheadMs = waiting.triedMs - nowMs;
  if (aheadMs <= 0) return waiting;
  return { ...waiting, madeMs: waiting.madeMs - aheadMs, triedMs: nowMs, dueMs: waiting.dueMs - aheadMs };
}

/** Itself where nothing of it is ahead. */
export function healthNotAhead(health: HookHealth, nowMs: number): HookHealth {
  const latestMs = nowMs + HOOK_LIMITS.pauseMs;
  if (health.recoveredMs <= nowMs && health.pausedUntilMs <= latestMs) return health;
  return { ...health, recoveredMs: Math.min(health.recoveredMs, nowMs), pausedUntilMs: Math.min(health.pausedUntilMs, latestMs) };
}
