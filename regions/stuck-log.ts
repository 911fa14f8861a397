/** A JetStream that stays refused after its disk was full does not mend by itself: the supervisor is asked to restart it (hard parts H13). */
import type { NatsEventLog } from "./nats/event-log.ts";

/** The word to the supervisor. */
export const RESTART_JETSTREAM = "restart-jetstream";
const PATIENCE_MS = 15_000;

/** Asks after each such stretch without an answer, as long as the server is there to refuse. */
export function watchStuckLog(log: NatsEventLog, connected: () => boolean, ask: () => void): () => void {
  let refusedMs: number | undefined;
  const timer = setInterval(() => {
    if (log.state().available || !connected()) refusedMs = undefined;
    else {
      refusedMs ??= performance.now();
      if (performance.now() - refusedMs < PATIENCE_MS) return;
      refusedMs = undefined;
      ask();
    }
  }, 1_000);
  timer.unref();
  return () => clearInterval(timer);
}
