/**
 * Cursors (law L4, hard part H3): how far a client has been given everything. To clients opaque; inside, the mesh it was given in, one position
 * per origin (`base`), and exceptions for channels that stand elsewhere: behind while they catch up, ahead when the client has seen more than
 * this region has. A position says nothing in another mesh: taken there for one that is ahead, it would keep events from the client for good.
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
const MESH = /^[0-9a-z]{1,26}$/;
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

/** `mesh` names the mesh among all others; absent: any takes the cursor for its own. */
export function encodeCursor({ base, channels }: ClientCursor, mesh?: string): string {
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
  return Buffer.from([mesh === undefined ? VERSION : `${VERSION}@${mesh}`, baseText, ...exceptions].join(";"), "latin1").toString(
    "base64url",
  );
}

/** Refusal invalid for anything this function's twin has not made, or has made for another mesh. */
export function decodeCursor(text: string, mesh?: string): ClientCursor {
  if (text.length > CURSOR_CHARS || !/^[A-Za-z0-9_-]+$/.test(text)) throw noCursor();
  const [head = "", base, ...exceptions] = Buffer.from(text, "base64url").toString("latin1").split(";");
  const [version, its, ...more] = head.split("@");
  if (version !== VERSION || base === undefined || more.length > 0 || (its !== undefined && !MESH.test(its))) throw noCursor();
  if (its !== undefined && mesh !== undefined && its !== mesh)
    throw new Refusal("invalid", "This cursor is of another mesh.", { hint: "Begin without one, and read anew what is here." });
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
