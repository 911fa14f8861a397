/**
 * One message into one's own log, for certain (hard parts H14, law T3). An answer that does not come leaves the outcome *unknown*: the same
 * bytes go out again under the same id, and the server's memory of ids makes one of them. That memory is bounded, so once it may have
 * forgotten, the end of the log is looked at before anything is sent again: a message is never stored twice, however long the server was away.
 */
import { ErrorCode, headers, type MsgHdrs, NatsError } from "nats";
import { LIMITS } from "../../core/limits.ts";
import type { RegionConnection } from "./connection.ts";
import { JetStreamRefusal, wordsOf } from "./jetstream-api.ts";
import { openPull } from "./pull.ts";

const TRY_MS = 1_000;
const PAUSE_MIN_MS = 20;
const PAUSE_MAX_MS = 500;

export interface Publication {
  readonly connection: RegionConnection;
  readonly stream: string;
  readonly subject: string;
  readonly id: string;
  readonly text: string;
  /** A sequence that was durable before the first try: the message cannot stand at or below it. */
  readonly after: number;
  /** After this the server may have forgotten ids; below the log's duplicate window. */
  readonly forgetsAfterMs?: number;
  /** Told of every try that was not answered with yes. */
  readonly failed: (why: string) => void;
  readonly closed: () => boolean;
}

/** Resolves with the message's sequence. Rejects only when closed, or when the message can never fit. */
export async function publishSurely(publication: Publication): Promise<number> {
  const { connection, failed, closed, forgetsAfterMs = LIMITS.publishRetryMs } = publication;
  const firstTryMs = performance.now();
  for (let tries = 0; ; tries += 1) {
    await connection.whenConnected();
    if (closed() || connection.nats.isClosed()) throw new Error(`log ${publication.stream} is closed`);
    try {
      // The window forgets ids by the server's clock; looking well before its end leaves no moment in which both copies could be stored.
      if (tries > 0 && performance.now() - firstTryMs > forgetsAfterMs) {
        const found = await findId(publication);
        if (found !== undefined) return found;
      }
      return await publishOnce(publication);
    } catch (error) {
      if (error instanceof NatsError && error.code === ErrorCode.MaxPayloadExceeded) throw error;
      failed(wordsOf(error));
      await pause(Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** tries));
    }
  }
}

export function idHeader(id: string): MsgHdrs {
  const fields = headers();
  fields.set("Nats-Msg-Id", id);
  return fields;
}

interface PublishAnswer {
  readonly error?: { readonly err_code?: number; readonly code: number; readonly description?: string };
  readonly stream?: string;
  readonly seq?: number;
}
/** The stream is compared in the answer: asking for it by header (`Nats-Expected-Stream`) stops the mirrors of 2.9 and 2.10 for ever. */
async function publishOnce({ connection, stream, subject, id, text }: Publication): Promise<number> {
  const reply = await connection.nats.request(subject, text, { headers: idHeader(id), timeout: TRY_MS });
  const answer = reply.json<PublishAnswer>();
  if (answer.error) throw new JetStreamRefusal(answer.error.err_code ?? answer.error.code, answer.error.description ?? "refused");
  if (answer.stream !== stream || answer.seq === undefined) throw new Error(`${subject} was stored in ${answer.stream}, not in ${stream}`);
  return answer.seq;
}

/** Whether an earlier try was stored after all. */
async function findId({ connection, stream, id, after }: Publication): Promise<number | undefined> {
  const pull = await openPull(connection.nats, { api: "$JS.API", stream, after, timeoutMs: TRY_MS });
  let found: number | undefined;
  try {
    while (found === undefined) {
      const came = await pull.round({ batch: 500, waitMs: 100 }, ({ sequence, message }) => {
        if (message.headers?.get("Nats-Msg-Id") === id) found = sequence;
        return found === undefined;
      });
      if (came === 0) break;
    }
  } finally {
    pull.drop();
  }
  return found;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
