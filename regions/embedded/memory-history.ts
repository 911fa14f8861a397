/**
 * A history store in memory, for stories and the contract: it keeps the promises of a real one and breaks like one. It can be out of reach, lose
 * what it acknowledged last, and start anew.
 */
import type {
  ConflictWrite,
  Held,
  HistoryBatch,
  HistoryStore,
  MessageWrite,
  StoredConflict,
  StoredMessage,
  UnshownWrite,
} from "../../core/ports/history-store.ts";
import { placeOf, wordText } from "../../core/ports/history-store.ts";
import { plain } from "./plain.ts";

interface Row {
  readonly word: string;
  readonly value: unknown;
}
type Rows = ReadonlyMap<string, Row>;

export interface MemoryHistory extends HistoryStore {
  /** Rejects everything from now on, or no more. */
  refuse(why: Error | undefined): void;
  /** What it holds now. */
  kept(): Rows;
  /** A server starts anew with what it held at that moment. */
  restart(kept: Rows): void;
  /** Writes that changed a row, and those that did not. */
  readonly counts: { changed: number; unchanged: number };
}

export function openMemoryHistory(): MemoryHistory {
  let rows = new Map<string, Row>();
  let refusal: Error | undefined;
  let lives = 1;
  const counts = { changed: 0, unchanged: 0 };

  const put = (key: string, word: string, value: unknown): void => {
    const stood = rows.get(key);
    if (stood !== undefined && stood.word >= word) counts.unchanged += 1;
    else {
      counts.changed += 1;
      rows.set(key, { word, value: plain(value) });
    }
  };
  const answer = async <T>(read: () => T): Promise<T> => {
    await Promise.resolve();
    if (refusal !== undefined) throw refusal;
    return read();
  };
  const under = <T>(prefix: string): readonly (readonly [string, T])[] =>
    [...rows]
      .filter(([key, { value }]) => key.startsWith(prefix) && value !== null)
      .map(([key, { value }]) => [key.slice(prefix.length), value as T] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));

  const putMessage = ({ word, formerly, ...message }: MessageWrite | UnshownWrite): void => {
    for (const born of formerly) put(`message|${message.channel}|${placeOf({ ...message, born })}`, wordText(word), null);
    put(`message|${message.channel}|${placeOf(message)}`, wordText(word), message.shown === null ? null : message);
  };
  const putConflict = ({ word, record, ...conflict }: ConflictWrite): void =>
    put(`conflict|${conflict.channel}|${conflict.id}`, wordText(word), record === null ? null : { ...conflict, record });

  return {
    counts,
    refuse: (why) => {
      refusal = why;
    },
    kept: () => new Map(rows),
    restart: (kept) => {
      rows = new Map(kept);
      lives += 1;
    },
    write: ({ versions, messages, conflicts, audit }: HistoryBatch) =>
      answer(() => {
        for (const { channel, message, entry } of versions) put(`version|${channel}|${message}|${entry.stamp}`, "", entry);
        for (const message of messages) putMessage(message);
        for (const conflict of conflicts) putConflict(conflict);
        for (const entry of audit) put(`audit|${entry.region}|${String(entry.seq).padStart(14, "0")}`, "", entry);
      }),
    held: (shard) => answer(() => ({ held: rows.get(`held|${shard}`)?.value as Held | undefined, life: `life ${lives}` })),
    hold: (shard, held) => answer(() => void rows.set(`held|${shard}`, { word: "", value: plain(held) })),
    page: (channel, { limit, before = "\u{7f}", after = "" }) =>
      answer(() =>
        under<StoredMessage>(`message|${channel}|`)
          .filter(([place]) => place < before && place > after)
          .reverse()
          .slice(0, limit)
          .map(([, message]) => message),
      ),
    versions: (channel, message) =>
      answer(() => under<HistoryBatch["versions"][number]["entry"]>(`version|${channel}|${message}|`).map(([, entry]) => entry)),
    message: (channel, place) => answer(() => (rows.get(`message|${channel}|${place}`)?.value ?? undefined) as StoredMessage | undefined),
    conflicts: (channel, { after = "", limit }) =>
      answer(() =>
        under<StoredConflict>(`conflict|${channel}|`)
          .filter(([id]) => id > after)
          .slice(0, limit)
          .map(([, conflict]) => conflict),
      ),
    audit: (region, { after, limit }) =>
      answer(() =>
        under<HistoryBatch["audit"][number]>(`audit|${region}|`)
          .map(([, entry]) => entry)
          .filter(({ seq }) => seq > after)
          .slice(0, limit),
      ),
    close: async () => {},
  };
}
