/** Writes back into our own log what our disk lost and a peer's mirror, or our own store, kept: the same events at the same sequences (L3). */
import { headers } from "nats";
import type { LogMessage } from "../../core/ports/event-log.ts";
import type { RegionConnection } from "./connection.ts";
import { logConfig } from "./event-log.ts";
import { ensureStream, JetStreamRefusal } from "./jetstream-api.ts";
import { LOCAL_API, logStream, logSubject, mirrorStream, peerApi } from "./names.ts";
import { openPull, type Pulled } from "./pull.ts";

const API_MS = 2_000;
const BATCH = 256;
const WAIT_MS = 500;

export interface Restore {
  readonly connection: RegionConnection;
  readonly epoch: number;
  readonly peer: string;
  /** Up to which sequence at least. */
  readonly upTo: number;
  readonly replicas: number;
}

/** Resolves with the log's head afterwards. Rejects when the peer went away or does not hold all of it; what was written back stays. */
export async function restoreTail({ connection, epoch, peer, upTo, replicas }: Restore): Promise<number> {
  const { nats, region } = connection;
  const log = await ensureStream(nats, LOCAL_API, logConfig(region, epoch, replicas), API_MS);
  let head = log.state.last_seq;
  const from = { api: peerApi(peer), stream: mirrorStream(region, epoch), after: head, timeoutMs: API_MS };
  const pull = await openPull(nats, from);
  try {
    while (head < upTo) {
      const batch: Pulled[] = [];
      await pull.round({ batch: BATCH, waitMs: WAIT_MS }, (pulled) => batch.push(pulled) > 0);
      if (batch.length === 0) throw new Error(`${peer} holds ${logStream(region, epoch)} up to ${head} only`);
      await Promise.all(
        batch.map(({ sequence, message }) =>
          writeBack(connection, epoch, { sequence, bytes: message.data, id: message.headers?.get("Nats-Msg-Id") }),
        ),
      );
      head += batch.length;
    }
  } finally {
    pull.drop();
  }
  return head;
}

/** The same of what our own store holds. `messages` go on right after the log's head. Resolves with how many there were. */
export async function restoreStored(
  { connection, epoch, replicas }: Pick<Restore, "connection" | "epoch" | "replicas">,
  messages: Iterable<LogMessage>,
): Promise<number> {
  let count = 0;
  let batch: Promise<void>[] = [];
  for (const { sequence, text } of messages) {
    if (count === 0) await ensureStream(connection.nats, LOCAL_API, logConfig(connection.region, epoch, replicas), API_MS);
    batch.push(writeBack(connection, epoch, { sequence, bytes: text }));
    count += 1;
    if (batch.length < BATCH) continue;
    await Promise.all(batch);
    batch = [];
  }
  await Promise.all(batch);
  return count;
}

interface Kept {
  readonly sequence: number;
  readonly bytes: Uint8Array | string;
  /** Under which it was published first. */
  readonly id?: string | undefined;
}

/** The expected sequence makes the server refuse anything that would not land where it stood before. */
async function writeBack({ nats, region }: RegionConnection, epoch: number, { sequence, bytes, id }: Kept): Promise<void> {
  const fields = headers();
  if (id) fields.set("Nats-Msg-Id", id);
  fields.set("Nats-Expected-Last-Sequence", String(sequence - 1));
  const reply = await nats.request(logSubject(region, epoch), bytes, { headers: fields, timeout: 5 * API_MS });
  const answer = reply.json<{ readonly seq?: number; readonly error?: { readonly err_code: number; readonly description: string } }>();
  if (answer.error) throw new JetStreamRefusal(answer.error.err_code, answer.error.description);
  if (answer.seq !== sequence) throw new Error(`message ${sequence} landed at ${answer.seq}`);
}
