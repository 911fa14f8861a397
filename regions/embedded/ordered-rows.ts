/**
 * Rows in key order that never change in place: every write gives new rows and shares all it did not touch. A snapshot, and going back to an
 * earlier moment, cost nothing. Two levels: a list of chunks of at most 128 rows, so that a write copies one chunk and a short list.
 */
interface Chunk {
  readonly keys: readonly string[];
  readonly values: readonly unknown[];
}
export type OrderedRows = readonly Chunk[];
export const NO_ROWS: OrderedRows = [];

const CHUNK_MAX = 128;

/** The first index whose key is not below `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The last chunk that begins at or before `key`; the first one when none does. */
function chunkOf(rows: OrderedRows, key: string): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.keys[0]! <= key) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

export function getRow(rows: OrderedRows, key: string): unknown {
  const chunk = rows[chunkOf(rows, key)];
  if (chunk === undefined) return undefined;
  const index = lowerBound(chunk.keys, key);
  return chunk.keys[index] === key ? chunk.values[index] : undefined;
}

const replaceChunk = (rows: OrderedRows, at: number, ...chunks: readonly Chunk[]): OrderedRows =>
  chunks.length === 1 ? rows.with(at, chunks[0]!) : rows.toSpliced(at, 1, ...chunks);

function halves({ keys, values }: Chunk): readonly Chunk[] {
  if (keys.length <= CHUNK_MAX) return [{ keys, values }];
  const middle = keys.length >>> 1;
  return [
    { keys: keys.slice(0, middle), values: values.slice(0, middle) },
    { keys: keys.slice(middle), values: values.slice(middle) },
  ];
}

export function putRow(rows: OrderedRows, key: string, value: unknown): OrderedRows {
  const at = chunkOf(rows, key);
  const chunk = rows[at];
  if (chunk === undefined) return [{ keys: [key], values: [value] }];
  const index = lowerBound(chunk.keys, key);
  const values = chunk.values.slice();
  if (chunk.keys[index] === key) {
    values[index] = value;
    return replaceChunk(rows, at, { keys: chunk.keys, values });
  }
  const keys = chunk.keys.slice();
  keys.splice(index, 0, key);
  values.splice(index, 0, value);
  return replaceChunk(rows, at, ...halves({ keys, values }));
}

export function removeRow(rows: OrderedRows, key: string): OrderedRows {
  const at = chunkOf(rows, key);
  const chunk = rows[at];
  const index = chunk === undefined ? -1 : lowerBound(chunk.keys, key);
  if (chunk === undefined || chunk.keys[index] !== key) return rows;
  if (chunk.keys.length === 1) return replaceChunk(rows, at);
  const keys = chunk.keys.slice();
  const values = chunk.values.slice();
  keys.splice(index, 1);
  values.splice(index, 1);
  return replaceChunk(rows, at, { keys, values });
}

/** Rows with `from <= key < to`, ascending. */
export function* ascending(rows: OrderedRows, from: string, to: string): Generator<readonly [string, unknown]> {
  for (let at = chunkOf(rows, from); at < rows.length; at += 1) {
    const { keys, values } = rows[at]!;
    for (let index = lowerBound(keys, from); index < keys.length; index += 1) {
      const key = keys[index]!;
      if (key >= to) return;
      yield [key, values[index]];
    }
  }
}

/** Rows with `from <= key < to`, descending. */
export function* descending(rows: OrderedRows, from: string, to: string): Generator<readonly [string, unknown]> {
  if (rows.length === 0) return;
  for (let at = chunkOf(rows, to); at >= 0; at -= 1) {
    const { keys, values } = rows[at]!;
    for (let index = lowerBound(keys, to) - 1; index >= 0; index -= 1) {
      const key = keys[index]!;
      if (key < from) return;
      yield [key, values[index]];
    }
  }
}
