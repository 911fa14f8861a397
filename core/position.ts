/** Positions: where an event stands in the log of the region that accepted it (laws L1, L4; hard part H1). */

/** A place in one region's log: the epoch (a stream of its own), the JetStream sequence of the log message, and the event's place in that message, from 0. */
export interface Point {
  readonly epoch: number;
  readonly sequence: number;
  readonly place: number;
}

/** "us.1.4711.2": origin, epoch, sequence of the log message, place in it. */
export interface Position extends Point {
  readonly origin: string;
}

/** One point per origin: everything up to and including it. An absent origin means nothing of it. */
export type Vector = Readonly<Record<string, Point>>;

/** Before everything. */
export const START: Point = { epoch: 0, sequence: 0, place: 0 };
/** A place after every event of a log message: `{…, place: WHOLE}` covers the message entirely. */
export const WHOLE = 999_999;

/** "1.4711.2". */
export type PointText = string;
/** What `parsePoint` reads. */
export const formatPoint = ({ epoch, sequence, place }: Point): string => `${epoch}.${sequence}.${place}`;
/** "us.1.4711.2": what `parsePosition` reads. */
export const formatPosition = (position: Position): string => `${position.origin}.${formatPoint(position)}`;

const POSITION = /^([A-Za-z0-9_-]{1,64})\.(\d{1,9}\.\d{1,15}\.\d{1,6})$/;

/** Undefined where the text is none: at most 9, 15 and 6 digits, so that no number leaves the safe integers. */
export function parsePoint(text: string): Point | undefined {
  const first = text.indexOf(".");
  const second = text.indexOf(".", first + 1);
  const epoch = digits(text, 0, first, 9);
  const sequence = digits(text, first + 1, second, 15);
  const place = digits(text, second + 1, text.length, 6);
  return first < 0 || second < 0 || epoch < 0 || sequence < 0 || place < 0 ? undefined : { epoch, sequence, place };
}

/** The number written in `from` to `to`, or -1 where that is no 1 to `most` digits. By hand, as every event is asked for several. */
function digits(text: string, from: number, to: number, most: number): number {
  if (to <= from || to - from > most) return -1;
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Undefined where the text is none. */
export function parsePosition(text: string): Position | undefined {
  const found = POSITION.exec(text);
  const point = found?.[2] === undefined ? undefined : parsePoint(found[2]);
  return found?.[1] === undefined || point === undefined ? undefined : { origin: found[1], ...point };
}

/** Below zero where `a` comes first in the log of their origin. */
export const comparePoints = (a: Point, b: Point): number => a.epoch - b.epoch || a.sequence - b.sequence || a.place - b.place;

/** Fixed-width text whose order is the order of points; for keys of ordered tables. */
export const pointKey = ({ epoch, sequence, place }: Point): string =>
  `${String(epoch).padStart(6, "0")}.${String(sequence).padStart(14, "0")}.${String(place).padStart(6, "0")}`;
/** "us|000001.00000000004711.000002": the same over all logs, each in its order. */
export const placeKey = (position: Position): string => `${position.origin}|${pointKey(position)}`;

/** Whether `vector` holds everything of `origin` up to `point`. */
export const covers = (vector: Vector, origin: string, point: Point): boolean => comparePoints(vector[origin] ?? START, point) >= 0;

/** Whether everything below `other` is also below `vector`. */
export const coversAll = (vector: Vector, other: Vector): boolean =>
  Object.entries(other).every(([origin, point]) => covers(vector, origin, point));

/** Per origin the greater of two vectors. */
export function joinVectors(a: Vector, b: Vector): Vector {
  const joined: Record<string, Point> = { ...a };
  for (const [origin, point] of Object.entries(b)) if (!covers(joined, origin, point)) joined[origin] = point;
  return joined;
}

/** Compact text of a vector as events carry it (`after`): {us: "1.4711.2"}. */
export type VectorText = Readonly<Record<string, string>>;
/** What `parseVector` reads. */
export function vectorText(vector: Vector): VectorText {
  const text: Record<string, string> = {};
  for (const [origin, point] of Object.entries(vector).sort(([a], [b]) => (a < b ? -1 : 1))) text[origin] = formatPoint(point);
  return text;
}
/** Undefined where any of it is no point. */
export function parseVector(text: VectorText): Vector | undefined {
  const vector: Record<string, Point> = {};
  for (const [origin, value] of Object.entries(text)) {
    const point = parsePoint(value);
    if (point === undefined) return undefined;
    vector[origin] = point;
  }
  return vector;
}
