/**
 * A JetStream whose disk was full does not mend by itself: it refuses the log it could not write, or is switched off altogether, which a region
 * in which nobody writes would not notice. The supervisor is asked to restart it (hard parts H13).
 */
import type { RegionConnection } from "./nats/connection.ts";
import type { LogState, NatsEventLog } from "./nats/event-log.ts";
import { answers, SWITCHED_OFF } from "./nats/jetstream-api.ts";
import { LOCAL_API } from "./nats/names.ts";
import { pause } from "./nats/publish.ts";

/** The word to the supervisor. */
export const RESTART_JETSTREAM = "restart-jetstream";
/** Only a supervisor that owns the server can do it; without one it is the operator's. */
export const askForJetStream = (): void => void process.send?.(RESTART_JETSTREAM);
/** Longer than any pause of a server that is well; a restart takes it a third of a second. */
const PATIENCE_MS = 8_000;
const LOOK_MS = 1_000;
const AGAIN_MS = 100;
/** Looks in a row without an answer: a server that is busy is not yet one that is off. */
const OFF_LOOKS = 3;

export interface LogWatch {
  /** Whether the log can be written, as far as anybody knows. */
  state(): LogState;
  stop(): void;
}

/** Asks after each such stretch without anything good. */
function impatience(ask: () => void): (isGood: boolean) => void {
  let sinceMs: number | undefined;
  return (isGood) => {
    const nowMs = performance.now();
    if (isGood) sinceMs = undefined;
    else if (nowMs - (sinceMs ??= nowMs) >= PATIENCE_MS) {
      sinceMs = undefined;
      ask();
    }
  };
}

const lookAt = (connection: RegionConnection): Promise<boolean> => answers(connection.nats, LOCAL_API, LOOK_MS);

/** Resolves once JetStream is there: a region may be started while its disk is full. */
export async function whenJetStreamIsOn(connection: RegionConnection, ask: () => void): Promise<void> {
  const look = impatience(ask);
  for (;;) {
    await connection.whenConnected();
    if (connection.nats.isClosed() || (await lookAt(connection))) return;
    look(false);
    await pause(AGAIN_MS);
  }
}

export function watchStuckLog(log: NatsEventLog, connection: RegionConnection, ask: () => void): LogWatch {
  const look = impatience(ask);
  let silent = 0;
  let looking = false;
  const once = async (): Promise<void> => {
    // A server that is away refuses nothing; who started it brings it back.
    const isThere = !connection.connected() || (await lookAt(connection));
    silent = isThere ? 0 : silent + 1;
    look(!connection.connected() || (isThere && log.state().available));
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void once().finally(() => {
      looking = false;
    });
  }, LOOK_MS);
  timer.unref();
  return {
    state: () => (silent < OFF_LOOKS ? log.state() : { available: false, why: SWITCHED_OFF }),
    stop: () => clearInterval(timer),
  };
}
