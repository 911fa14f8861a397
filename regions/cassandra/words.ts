/**
 * How Cassandra's own rule for cells is made to agree with ours. A cell's timestamp is the greatest stamp that its value stands on, in microseconds:
 * milliseconds of the stamp, then its counter up to 999. Where that cannot tell two apart (greater counters, two regions' stamps of one
 * millisecond, a verdict judged again), Cassandra keeps the greater value, byte by byte; so the value begins with the word itself, whose text order
 * is the order of words. Whatever order writes come in, and however often, the newest word stays.
 */
import type { Word } from "../../core/ports/history-store.ts";
import { wordText } from "../../core/ports/history-store.ts";
import type { Stamp } from "../../core/stamp.ts";
import { stampCounter, stampTimeMs } from "../../core/stamp.ts";

const COUNTERS = 999;

/** Microseconds since 1970. Greater stamps never have a smaller one. */
export const timestampOf = (stamp: Stamp): bigint => BigInt(stampTimeMs(stamp)) * 1_000n + BigInt(Math.min(COUNTERS, stampCounter(stamp)));

/** A value under its word; undefined says that nothing stands here any more. */
export const stateText = (word: Word, value: unknown): string => `${wordText(word)}\n${value === undefined ? "" : JSON.stringify(value)}`;

export function readState(state: string): { readonly word: string; readonly value: unknown } {
  const end = state.indexOf("\n");
  const text = state.slice(end + 1);
  return { word: state.slice(0, end), value: text === "" ? undefined : JSON.parse(text) };
}
