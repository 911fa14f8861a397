/** Everything missed since a cursor, over HTTP: page by page, by the same reader and the same cursors as the socket. */
import type { Gap, WireEvent } from "../core/objects.ts";
import type { Reader } from "../core/ports/reader.ts";
import type { Vector } from "../core/position.ts";
import { coversAll, joinVectors } from "../core/position.ts";
import type { ClientCursor } from "./cursor.ts";
import { encodeCursor, OWN, placeOf, plainCursor, textOfVector } from "./cursor.ts";
import { ownerOf } from "./own-events.ts";

export interface Changes {
  readonly items: readonly WireEvent[];
  readonly cursor: string;
  /** Nothing is left to read, and nothing is missing. */
  readonly complete: boolean;
  readonly gaps: readonly Gap[];
}
export interface ChangesAsk {
  readonly user: string;
  /** Identities of channels. */
  readonly channels: readonly string[];
  /** The user's own stream too. */
  readonly own: boolean;
  readonly cursor: ClientCursor | undefined;
  readonly limit: number;
  /** The cursor names it. */
  readonly mesh: string | undefined;
}

export function changesSince(reader: Reader, { user, channels, own, cursor, limit, mesh }: ChangesAsk): Changes {
  const applied = reader.applied();
  if (cursor === undefined) return { items: [], cursor: encodeCursor(plainCursor(applied), mesh), complete: true, gaps: [] };
  const asked = own ? [OWN, ...channels] : channels;
  const places = new Map(asked.map((channel) => [channel, placeOf(cursor, channel)]));
  const items: WireEvent[] = [];
  const gaps: Gap[] = [];
  let isWhole = true;
  for (const group of together(places)) {
    if (items.length >= limit) {
      isWhole = false;
      continue;
    }
    const hasOwn = group.channels.includes(OWN);
    const page = reader.missed(user, {
      channels: group.channels.filter((channel) => channel !== OWN),
      own: hasOwn,
      from: group.at,
      to: applied,
      limit: limit - items.length,
    });
    // Events of the own stream are given where that stream is read, and only there.
    items.push(...(own && !hasOwn ? page.items.filter((event) => ownerOf(event) !== user) : page.items));
    gaps.push(...page.gaps);
    const reached = joinVectors(group.at, page.cursor);
    if (!coversAll(reached, applied) || !page.complete) isWhole = false;
    for (const channel of group.channels) places.set(channel, reached);
  }
  return { items, cursor: encodeCursor(cursorAt(cursor, places, applied), mesh), complete: isWhole && gaps.length === 0, gaps };
}

/** Channels that stand at the same place are read together. */
function together(places: ReadonlyMap<string, Vector>): readonly { readonly at: Vector; readonly channels: readonly string[] }[] {
  const groups = new Map<string, { readonly at: Vector; readonly channels: string[] }>();
  for (const [channel, at] of places) {
    const text = textOfVector(at);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, { at, channels: [channel] });
    else group.channels.push(channel);
  }
  return [...groups.values()];
}

/** The cursor speaks for the channels that were asked for; exceptions of others stay. */
function cursorAt(before: ClientCursor, places: ReadonlyMap<string, Vector>, applied: Vector): ClientCursor {
  const vectors = [...places.values()];
  const first = vectors[0] ?? applied;
  const isOne = vectors.every((vector) => textOfVector(vector) === textOfVector(first));
  if (isOne && [...before.channels.keys()].every((channel) => places.has(channel))) return plainCursor(first);
  return { base: isOne ? first : before.base, channels: new Map([...before.channels, ...places]) };
}
