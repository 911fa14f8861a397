/**
 * What a gateway process and its region's reconciling process say to each other over a trunk: many lines' frames on one ordered connection.
 * Records are packed into one message a turn of the event loop. A frame that goes to many lines is carried once.
 *
 * A record: kind (1 byte), number of lines (2), length of the payload (4), the lines (4 each), the payload.
 */
import type { WireFrame } from "../wire-frame.ts";

export const KINDS = {
  /** A line has begun (from the gateway): {ip}. */
  open: 1,
  /** A good frame of a client, as JSON; towards the gateway, a finished WebSocket frame, header included. */
  frame: 2,
  /** The socket of a line has ended. */
  end: 3,
  /** Asks to be told when little is waiting in a line; the answer is of the same kind. */
  room: 4,
  /** A frame was bad: {id?, error}. The gateway counts them. */
  bad: 5,
  /** Ends a line, and says why: {why, detail?, regions}. */
  goodbye: 6,
  /** Of no line. From the reconciler: whether new lines are taken. From the gateway: how its lines stand. */
  status: 7,
  /** Of no line: the gateway process is going; its lines are to be let go as soon as nothing waits for its answer (H10). */
  leave: 8,
} as const;
export type RecordKind = keyof typeof KINDS;

export interface TrunkRecord {
  readonly kind: RecordKind;
  readonly lines: readonly number[];
  readonly payload: Buffer;
}

const HEADER_BYTES = 7;
const LINE_BYTES = 4;
/** Lines of one record at most. */
const LINES_MOST = 0xffff;
const NAMES = new Map(Object.entries(KINDS).map(([name, code]) => [code as number, name as RecordKind]));
const NOTHING = Buffer.alloc(0);

interface Packed {
  readonly kind: RecordKind;
  readonly lines: number[];
  readonly payload: Buffer;
  readonly frame: WireFrame | undefined;
}

/** Records of one turn, in order. */
export class RecordBatch {
  #packed: Packed[] = [];
  #bytes = 0;

  /** Of all records since the last `take`. */
  get bytes(): number {
    return this.#bytes;
  }

  add(kind: RecordKind, line: number | undefined, said?: object | string): void {
    const payload = said === undefined ? NOTHING : Buffer.from(typeof said === "string" ? said : JSON.stringify(said));
    this.#add({ kind, lines: line === undefined ? [] : [line], payload, frame: undefined });
  }

  /** A frame for one more line; next to itself it is carried once. */
  frame(line: number, frame: WireFrame): void {
    const last = this.#packed.at(-1);
    if (last?.frame === frame && last.lines.length < LINES_MOST) {
      last.lines.push(line);
      this.#bytes += LINE_BYTES;
    } else this.#add({ kind: "frame", lines: [line], payload: frame.bytes, frame });
  }

  /** All records so far in one piece; the batch is empty afterwards. */
  take(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#bytes);
    let at = 0;
    for (const { kind, lines, payload } of this.#packed) {
      at = bytes.writeUInt8(KINDS[kind], at);
      at = bytes.writeUInt16BE(lines.length, at);
      at = bytes.writeUInt32BE(payload.length, at);
      for (const line of lines) at = bytes.writeUInt32BE(line, at);
      at += payload.copy(bytes, at);
    }
    this.#packed = [];
    this.#bytes = 0;
    return bytes;
  }

  #add(packed: Packed): void {
    this.#packed.push(packed);
    this.#bytes += HEADER_BYTES + packed.lines.length * LINE_BYTES + packed.payload.length;
  }
}

/** The records of one message. Throws a RangeError where the bytes are none; nothing is copied. */
export function* readRecords(bytes: Buffer): Generator<TrunkRecord> {
  for (let at = 0; at < bytes.length; ) {
    const kind = NAMES.get(bytes.readUInt8(at));
    if (kind === undefined) throw new RangeError(`a record of no kind that is known (${bytes[at]})`);
    const count = bytes.readUInt16BE(at + 1);
    const length = bytes.readUInt32BE(at + 3);
    const lines: number[] = [];
    for (let i = 0; i < count; i += 1) lines.push(bytes.readUInt32BE(at + HEADER_BYTES + i * LINE_BYTES));
    const begin = at + HEADER_BYTES + count * LINE_BYTES;
    if (begin + length > bytes.length) throw new RangeError("a record ends before its end");
    yield { kind, lines, payload: bytes.subarray(begin, begin + length) };
    at = begin + length;
  }
}

/**
 * A finished text frame as it came over the trunk. It is copied: for a client that does not read it may wait long, and would keep the whole
 * message that it came in.
 */
export function frameOf(payload: Buffer, shared: boolean): WireFrame {
  const bytes = Buffer.from(payload);
  const length = bytes[1];
  return { bytes, headerBytes: length === 127 ? 10 : length === 126 ? 4 : 2, shared };
}
