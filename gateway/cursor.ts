/**
 * Cursors (law L4, hard part H3): how far a client has been given everything. To clients opaque; inside, one position per origin (`base`),
 * and exceptions for channels that stand elsewhere: behind while they catch up, ahead when the client has seen more than this region has.
 *
 * The user's own stream (memberships made and unmade, read markers, profile) is one more channel, OWN.
 */
import { Refusal } from "../core/errors.ts";
import type { Vector } from "../core/position.ts";
import { formatPosition, parsePosition } from "../core/position.ts";

export interface ClientCursor {
  readonly base: Vector;
  /** Identity of a channel (or OWN) -> where it stands instead. */
  readonly channels: ReadonlyMap<string, Vector>;
}
export const OWN = "@";

const VERSION = "1";
const CURSOR_CHARS = 49_152;
const CHANNEL = /^(@|[0-9a-z]{26})$/;

const NO_EXCEPTIONS: ReadonlyMap<string, Vector> = new Map();
export const plainCursor = (base: Vector): ClientCursor => ({ base, channels: NO_EXCEPTIONS });
/** Where a channel stands in a cursor. */
export const placeOf = (cursor: ClientCursor, channel: string): Vector => cursor.channels.get(channel) ?? cursor.base;

/** One text per vector, whatever the order of its origins. */
export const textOfVector = (vector: Vector): string =>
  Object.entries(vector)
    .map(([origin, point]) => formatPosition({ origin, ...point }))
    .sort()
    .join(",");

export function encodeCursor({ base, channels }: ClientCursor): string {
  const baseText = textOfVector(base);
  const groups = new Map<string, string[]>();
  for (const [channel, vector] of channels) {
    const text = textOfVector(vector);
    if (text === baseText) continue;
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [channel]);
    else group.push(channel);
  }
  const exceptions = [...groups].map(([text, group]) => `${text}=${group.join(",")}`);
  return Buffer.from([VERSION, baseText, ...exceptions].join(";"), "latin1").toString("base64url");
}

/** Refusal invalid for anything this function's twin has not made. */
export function decodeCursor(text: string): ClientCursor {
  if (text.length > CURSOR_CHARS || !/^[A-Za-z0-9_-]+$/.test(text)) throw noCursor();
  const [version, base, ...exceptions] = Buffer.from(text, "base64url").toString("latin1").split(";");
  if (version !== VERSION || base === undefined) throw noCursor();
  const channels = new Map<string, Vector>();
  for (const exception of exceptions) {
    const [vector, group, ...rest] = exception.split("=");
    if (vector === undefined || group === undefined || rest.length > 0) throw noCursor();
    const place = vectorIn(vector);
    for (const channel of group.split(",")) {
      if (!CHANNEL.test(channel)) throw noCursor();
      channels.set(channel, place);
    }
  }
  return { base: vectorIn(base), channels };
}

function vectorIn(text: string): Vector {
  const vector: Record<string, Vector[string]> = {};
  for (const part of text === "" ? [] : text.split(",")) {
    const position = parsePosition(part);
    if (position === undefined || position.origin === "__proto__") throw noCursor();
    const { origin, ...point } = position;
    vector[origin] = point;
  }
  return vector;
}

const noCursor = (): Refusal =>
  new Refusal("invalid", "This is no cursor of Atoll.", { hint: "Use the cursor of the last frame or answer you got." });
