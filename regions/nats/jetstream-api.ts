/** JetStream's API, asked directly: the same few questions here and, through the gateways, at a peer. Answers are read, never assumed. */
import { ErrorCode, type NatsConnection, NatsError } from "nats";

/** The server understood and said no. */
export class JetStreamRefusal extends Error {
  readonly code: number;
  constructor(code: number, description: string) {
    super(`${description} (${code})`);
    this.code = code;
  }
}
/** JetStream's error code for a stream that does not exist. */
const NO_STREAM = 10059;

interface Answer {
  readonly error?: { readonly err_code?: number; readonly code: number; readonly description?: string };
}

export async function askJetStream<T>(nats: NatsConnection, subject: string, body: object, timeoutMs: number): Promise<T> {
  const reply = await nats.request(subject, JSON.stringify(body), { timeout: timeoutMs });
  const answer = reply.json<T & Answer>();
  if (answer.error) throw new JetStreamRefusal(answer.error.err_code ?? answer.error.code, answer.error.description ?? "refused");
  return answer;
}

export const SWITCHED_OFF = "JetStream is switched off, as it is when its disk is full";

/** Why there was no good answer, in words for an operator. */
export function wordsOf(error: unknown): string {
  if (error instanceof NatsError && error.code === ErrorCode.NoResponders) return SWITCHED_OFF;
  return error instanceof Error ? error.message : String(error);
}

/** Whether JetStream answers at all. Out of space its server switches it off for good: publishing finds nobody then, and questions are met by silence. */
export const answers = (nats: NatsConnection, api: string, timeoutMs: number): Promise<boolean> =>
  askJetStream(nats, `${api}.INFO`, {}, timeoutMs).then(
    () => true,
    () => false,
  );

export interface StreamConfig {
  readonly name: string;
  readonly subjects?: readonly string[];
  readonly mirror?: { readonly name: string; readonly external: { readonly api: string; readonly deliver: string } };
  readonly storage: "file";
  readonly retention: "limits";
  readonly num_replicas: number;
  /** Nanoseconds. */
  readonly duplicate_window?: number;
  readonly deny_delete?: boolean;
  readonly deny_purge?: boolean;
}
export interface StreamFacts {
  readonly config: StreamConfig;
  readonly state: { readonly first_seq: number; readonly last_seq: number; readonly messages: number };
}

export async function streamFacts(nats: NatsConnection, api: string, stream: string, timeoutMs: number): Promise<StreamFacts | undefined> {
  try {
    return await askJetStream<StreamFacts>(nats, `${api}.STREAM.INFO.${stream}`, {}, timeoutMs);
  } catch (refusal) {
    if (refusal instanceof JetStreamRefusal && refusal.code === NO_STREAM) return undefined;
    throw refusal;
  }
}

/**
 * Old servers ignore fields they do not know and say nothing: so what was made is read back and compared. The number of replicas is an
 * operator's to change, also on a stream that exists.
 */
export async function ensureStream(nats: NatsConnection, api: string, wanted: StreamConfig, timeoutMs: number): Promise<StreamFacts> {
  const found =
    (await streamFacts(nats, api, wanted.name, timeoutMs)) ??
    (await askJetStream<StreamFacts>(nats, `${api}.STREAM.CREATE.${wanted.name}`, wanted, timeoutMs));
  for (const [field, value] of Object.entries(wanted)) {
    const is = found.config[field as keyof StreamConfig];
    if (field !== "num_replicas" && !holds(is, value))
      throw new Error(`stream ${wanted.name}: ${field} is ${JSON.stringify(is)}, wanted ${JSON.stringify(value)}`);
  }
  return found;
}

/** Whether all that was asked for is there; a server may add fields of its own. */
function holds(is: unknown, wanted: unknown): boolean {
  if (wanted === null || typeof wanted !== "object") return is === wanted;
  if (is === null || typeof is !== "object") return false;
  return Object.entries(wanted).every(([field, value]) => holds((is as Readonly<Record<string, unknown>>)[field], value));
}

/** Every stream of this region; the server answers in pages. */
export async function listStreams(nats: NatsConnection, api: string, timeoutMs: number): Promise<readonly StreamFacts[]> {
  const all: StreamFacts[] = [];
  for (;;) {
    type Page = { readonly total: number; readonly streams: readonly StreamFacts[] | null };
    const page = await askJetStream<Page>(nats, `${api}.STREAM.LIST`, { offset: all.length }, timeoutMs);
    all.push(...(page.streams ?? []));
    if (!page.streams?.length || all.length >= page.total) return all;
  }
}
