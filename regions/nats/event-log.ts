/** This region's own log on JetStream (law L1): one stream per epoch, one writer, durable before the ack. */

import { LIMITS } from "../../core/limits.ts";
import type { EventLog, LogMessage } from "../../core/ports/event-log.ts";
import type { RegionConnection } from "./connection.ts";
import { ensureStream, type StreamConfig, streamFacts } from "./jetstream-api.ts";
import { LOCAL_API, logStream, logSubject } from "./names.ts";
import { pause, publishSurely } from "./publish.ts";
import { openPull } from "./pull.ts";

const API_MS = 2_000;
const READ_BATCH = 1_000;

export interface LogState {
  /** False while the newest try of an append has not been answered with yes: the door may say `unavailable` (H14). */
  readonly available: boolean;
  readonly why: string;
}
export interface NatsEventLog extends EventLog {
  state(): LogState;
  /** Calls back when `available` turns. */
  onState(listener: (state: LogState) => void): void;
}

const AVAILABLE: LogState = { available: true, why: "" };

export interface EventLogOptions {
  readonly connection: RegionConnection;
  readonly origin: string;
  readonly epoch: number;
  readonly replicas?: number;
}

/** Opens the stream of an epoch, made here if it is new. Which epoch may be written is decided elsewhere (open-log). */
export async function openEventLog({ connection, origin, epoch, replicas = 1 }: EventLogOptions): Promise<NatsEventLog> {
  const stream = logStream(origin, epoch);
  const opened = await ensureStream(connection.nats, LOCAL_API, logConfig(origin, epoch, replicas), API_MS);
  let head = opened.state.last_seq;
  let state = AVAILABLE;
  let closed = false;
  const listeners: ((state: LogState) => void)[] = [];
  const turn = (next: LogState): void => {
    const turned = next.available !== state.available;
    state = next;
    if (turned) for (const listener of listeners) listener(next);
  };

  const append = async ({ id, text }: { readonly id: string; readonly text: string }): Promise<number> => {
    const sequence = await publishSurely({
      connection,
      stream,
      subject: logSubject(origin, epoch),
      id,
      text,
      after: head,
      failed: (why) => turn({ available: false, why }),
      closed: () => closed,
    });
    turn(AVAILABLE);
    head = Math.max(head, sequence);
    return sequence;
  };

  return {
    origin,
    epoch,
    append,
    head: () => head,
    read: (after) => readLog({ connection, stream, after, closed: () => closed }),
    state: () => state,
    onState: (listener) => void listeners.push(listener),
    close: async () => {
      closed = true;
    },
  };
}

/** Nothing but a new epoch ends a log: no limits, and neither deletes nor purges, which mirrors would never hear of. */
export const logConfig = (origin: string, epoch: number, replicas: number): StreamConfig => ({
  name: logStream(origin, epoch),
  subjects: [logSubject(origin, epoch)],
  storage: "file",
  retention: "limits",
  num_replicas: replicas,
  duplicate_window: LIMITS.duplicateWindowMs * 1e6,
  deny_delete: true,
  deny_purge: true,
});

export interface ReadOptions {
  readonly connection: RegionConnection;
  readonly stream: string;
  readonly after: number;
  readonly closed: () => boolean;
}

/** Reads up to the head at the time of the call. A server that goes away meanwhile is waited for, and the read goes on where it was. */
export async function* readLog({ connection, stream, after, closed }: ReadOptions): AsyncGenerator<LogMessage> {
  const head = await headOf(connection, stream, closed);
  for (let position = after; position < head; ) {
    const batch: LogMessage[] = [];
    await surely(connection, closed, async () => {
      const pull = await openPull(connection.nats, { api: LOCAL_API, stream, after: position + batch.length, timeoutMs: API_MS });
      try {
        while (position + batch.length < head && batch.length < READ_BATCH) {
          let next = position + batch.length + 1;
          let hole = false;
          await pull.round({ batch: Math.min(READ_BATCH, head + 1 - next), waitMs: API_MS }, ({ sequence, message }) => {
            hole = sequence !== next++;
            if (!hole) batch.push({ sequence, text: message.string() });
            return !hole;
          });
          if (hole && batch.length === 0) throw new LogHole(stream, position + 1);
          if (hole) break;
        }
      } finally {
        pull.drop();
      }
    });
    yield* batch;
    position += batch.length;
  }
}

/** The log no longer holds what was asked for. Nothing is skipped in silence (L4). */
class LogHole extends Error {
  constructor(stream: string, missing: number) {
    super(`log ${stream} does not hold message ${missing}`);
  }
}

const headOf = async (connection: RegionConnection, stream: string, closed: () => boolean): Promise<number> => {
  let head = 0;
  await surely(connection, closed, async () => {
    const facts = await streamFacts(connection.nats, LOCAL_API, stream, API_MS);
    if (!facts) throw new LogHole(stream, 1);
    head = facts.state.last_seq;
  });
  return head;
};

/** Again until it is done: our own server is away for moments only, and a supervisor brings it back. */
async function surely(connection: RegionConnection, closed: () => boolean, attempt: () => Promise<void>): Promise<void> {
  for (;;) {
    await connection.whenConnected();
    if (closed() || connection.nats.isClosed()) throw new Error("log is closed");
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof LogHole) throw error;
      await pause(100);
    }
  }
}
