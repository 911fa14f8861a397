/** A batch of history as Cassandra's statements. Rows of one partition go together as one mutation; partitions go side by side. */
import type { HistoryBatch, MessageWrite, UnshownWrite } from "../../core/ports/history-store.ts";
import { placeOf } from "../../core/ports/history-store.ts";
import { bucketOf } from "./buckets.ts";
import type { ChannelBuckets } from "./channel-buckets.ts";
import { messageState, SLICE } from "./rows.ts";
import type { Session, Statement } from "./session.ts";
import { IN_FLIGHT } from "./session.ts";
import { stateText, timestampOf } from "./words.ts";

const MESSAGE = "INSERT INTO messages (channel, bucket, place, state) VALUES (?, ?, ?, ?) USING TIMESTAMP ?";
const VERSION = "INSERT INTO versions (channel, message, stamp, entry) VALUES (?, ?, ?, ?) USING TIMESTAMP ?";
const CONFLICT = "INSERT INTO conflicts (channel, id, state) VALUES (?, ?, ?) USING TIMESTAMP ?";
const AUDIT = "INSERT INTO audit (region, slice, seq, entry) VALUES (?, ?, ?, ?) USING TIMESTAMP ?";
/** Rows of one partition that go as one mutation: far below what a server refuses (16 MB). */
const TOGETHER_BYTES = 256 * 1024;

/** Statements by the partition they write to. */
type Partitions = Map<string, Statement[]>;

export class HistoryWrites {
  readonly #session: Session;
  readonly #buckets: ChannelBuckets;

  constructor(session: Session, buckets: ChannelBuckets) {
    this.#session = session;
    this.#buckets = buckets;
  }

  async write({ versions, messages, conflicts, audit }: HistoryBatch): Promise<void> {
    const partitions: Partitions = new Map();
    for (const { channel, message, entry } of versions)
      add(partitions, `v|${channel}|${message}`, VERSION, [channel, message, entry.stamp, JSON.stringify(entry), timestampOf(entry.stamp)]);
    await this.#messages(partitions, messages);
    for (const { channel, id, register, record, word } of conflicts) {
      const state = stateText(word, record === null ? undefined : { register, record });
      add(partitions, `c|${channel}`, CONFLICT, [channel, id, state, timestampOf(word.newest)]);
    }
    for (const entry of audit) {
      const slice = Math.floor(entry.seq / SLICE);
      const at = BigInt(Date.parse(entry.at)) * 1_000n;
      add(partitions, `a|${entry.region}|${slice}`, AUDIT, [entry.region, slice, BigInt(entry.seq), JSON.stringify(entry), at]);
    }
    await this.#send([...partitions.values()].flatMap(mutations));
  }

  async #messages(partitions: Partitions, messages: readonly (MessageWrite | UnshownWrite)[]): Promise<void> {
    const filled = new Map<string, { readonly channel: string; readonly bucket: string; bytes: number }>();
    for (const { channel, message, born, formerly, word, shown, hidden } of messages) {
      const finer = await this.#buckets.finer(channel);
      const stamped = timestampOf(word.newest);
      for (const [at, kept] of [
        [born, shown === null ? undefined : { shown, hidden }] as const,
        ...formerly.map((one) => [one, undefined] as const),
      ]) {
        const bucket = bucketOf(at, finer);
        const state = messageState(word, kept);
        const key = `m|${channel}|${bucket}`;
        add(partitions, key, MESSAGE, [channel, bucket, placeOf({ born: at, message }), state, stamped]);
        const fill = filled.get(key) ?? { channel, bucket, bytes: 0 };
        fill.bytes += state.length + 80;
        filled.set(key, fill);
      }
    }
    // Listed first: a message that stands in a bucket nobody knows of would be shown to nobody.
    await Promise.all([...filled.values()].map(({ channel, bucket, bytes }) => this.#buckets.filling(channel, bucket, bytes)));
  }

  async #send(all: readonly (readonly Statement[])[]): Promise<void> {
    const single = all.flatMap((one) => (one.length === 1 ? one : []));
    const several = all.filter((one) => one.length > 1);
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let one = several[next++]; one !== undefined; one = several[next++]) await this.#session.writeTogether(one);
    };
    await Promise.all([this.#session.write(single), ...Array.from({ length: Math.min(IN_FLIGHT / 4, several.length) }, worker)]);
  }
}

function add(partitions: Partitions, key: string, query: string, values: Statement["values"]): void {
  const statements = partitions.get(key);
  if (statements === undefined) partitions.set(key, [{ query, values }]);
  else statements.push({ query, values });
}

/** Cut where one mutation would grow too large. */
function mutations(statements: readonly Statement[]): readonly (readonly Statement[])[] {
  const cut: Statement[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const statement of statements) {
    const size = statement.values.reduce<number>((sum, value) => sum + (typeof value === "string" ? value.length : 8), 0);
    if (bytes + size > TOGETHER_BYTES) {
      cut.push([]);
      bytes = 0;
    }
    bytes += size;
    cut.at(-1)?.push(statement);
  }
  return cut;
}
