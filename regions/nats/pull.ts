/**
 * Reads a stream in rounds through a short-lived consumer: our own log, our mirrors, and a peer's log over the link, all by the same road.
 *
 * The driver's own readers are not used over a link: after a cut they wait for the next new message, or lose what was sent into the void
 * (ADR "pull the tail"). Here every message carries the stream's sequence and the consumer's; a jump of both means the stream lacks messages,
 * a jump of the consumer's alone means they were lost on the way and the round is given up.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { createInbox, type Msg, type NatsConnection } from "nats";
import { askJetStream } from "./jetstream-api.ts";

export interface PullFrom {
  /** "$JS.API" here, "$JS.<peer>.API" at a peer. */
  readonly api: string;
  readonly stream: string;
  readonly after: number;
  readonly timeoutMs: number;
}
export interface Round {
  readonly batch: number;
  /** How long the server waits for messages to come before it ends the round. */
  readonly waitMs: number;
}
export interface Pull {
  /**
   * Hands messages to `take` in stream order until the batch is full or the wait is over; resolves with how many came. A `take` that answers
   * false ends the round, and the pull with it: what was under way is lost. Rejects when messages were lost or nothing was heard.
   */
  round(ask: Round, take: (message: Pulled) => boolean): Promise<number>;
  /** Frees the consumer at once; the server would do it by itself after a while. */
  drop(): void;
}
export interface Pulled {
  readonly sequence: number;
  readonly message: Msg;
}

/**
 * Messages are handed on for so long before everybody else gets a turn of the event loop. What has come in one piece of a heal is megabytes: seconds
 * in which no beat, answer or delivery would leave.
 */
const SLICE_MS = 8;

/** Silence beyond the server's own wait that means nobody is there any more. */
const SILENCE_MS = 1_000;
const CONSUMER_LIVES_NS = 10e9;
/** A round's bytes are bounded too, as one log message may hold half a megabyte. */
const ROUND_BYTES = 16 * 1_048_576;

export async function openPull(nats: NatsConnection, { api, stream, after, timeoutMs }: PullFrom): Promise<Pull> {
  const made = await askJetStream<{ readonly name: string }>(
    nats,
    `${api}.CONSUMER.CREATE.${stream}`,
    {
      stream_name: stream,
      config: {
        ack_policy: "none",
        deliver_policy: "by_start_sequence",
        opt_start_seq: after + 1,
        inactive_threshold: CONSUMER_LIVES_NS,
        mem_storage: true,
        num_replicas: 1,
      },
    },
    timeoutMs,
  );
  let delivered = 0;
  const round = async ({ batch, waitMs }: Round, take: (message: Pulled) => boolean): Promise<number> => {
    const inbox = createInbox();
    const subscription = nats.subscribe(inbox);
    const silence = setTimeout(() => subscription.unsubscribe(), waitMs + SILENCE_MS);
    let came = 0;
    let sliceUntilMs = performance.now() + SLICE_MS;
    try {
      const ask = { batch, expires: waitMs * 1e6, max_bytes: ROUND_BYTES };
      nats.publish(`${api}.CONSUMER.MSG.NEXT.${stream}.${made.name}`, JSON.stringify(ask), { reply: inbox });
      for await (const message of subscription) {
        silence.refresh();
        if (isStatus(message)) {
          if (endsWell(message)) return came;
          throw new Error(`pull of ${stream} refused: ${message.headers?.code} ${message.headers?.description}`);
        }
        const { stream: sequence, consumer } = sequencesOf(message);
        if (consumer !== delivered + 1) throw new Error(`pull of ${stream}: delivery ${consumer} after ${delivered}`);
        delivered = consumer;
        came += 1;
        if (!take({ sequence, message }) || came === batch) return came;
        if (performance.now() < sliceUntilMs) continue;
        await nextTurn();
        sliceUntilMs = performance.now() + SLICE_MS;
      }
      throw new Error(`pull of ${stream}: silence`);
    } finally {
      clearTimeout(silence);
      if (!nats.isClosed()) subscription.unsubscribe();
    }
  };
  const drop = (): void => {
    if (!nats.isClosed()) nats.publish(`${api}.CONSUMER.DELETE.${stream}.${made.name}`);
  };
  return { round, drop };
}

const isStatus = (message: Msg): boolean => (message.headers?.code ?? 0) !== 0;
/** 404 and 408: no more for now. 409 with the byte bound: the next round goes on. Anything else: nobody there, consumer gone, leader moved. */
const endsWell = ({ headers }: Msg): boolean =>
  headers?.code === 404 || headers?.code === 408 || (headers?.code === 409 && /MaxBytes|Batch Completed/i.test(headers.description));

/** From `$JS.ACK.[domain.account.]stream.consumer.tries.SEQUENCE.DELIVERY.time.pending`. */
function sequencesOf(message: Msg): { readonly stream: number; readonly consumer: number } {
  const tokens = message.reply?.split(".") ?? [];
  const at = tokens.length > 9 ? 7 : 5;
  return { stream: Number(tokens[at]), consumer: Number(tokens[at + 1]) };
}
